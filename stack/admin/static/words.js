// What the API's codes mean, first in Indonesian, then in English.

export const ROLES = {
  organizer: ["Penyelenggara", "Organizer"],
  assessor: ["Penilai", "Assessor"],
  participant: ["Peserta", "Participant"],
};

export const STATUSES = {
  enrolled: ["Terdaftar", "Enrolled"],
  withdrawn: ["Mengundurkan diri", "Withdrawn"],
};

export const PROBLEMS = {
  AuthenticationRequired: ["Silakan masuk lebih dahulu.", "Sign in first."],
  InvalidToken: ["Sesi Anda sudah berakhir. Silakan masuk lagi.", "Your session has ended. Sign in again."],
  EventContextRequired: ["Pilih kegiatan lebih dahulu.", "Choose an event first."],
  EventContextInvalid: ["Kegiatan ini tidak dikenali.", "This event is not recognised."],
  PermissionDeniedForEvent: ["Anda tidak terdaftar pada kegiatan ini.", "You do not belong to this event."],
  PermissionDenied: ["Peran Anda tidak mengizinkan tindakan ini.", "Your role does not allow this."],
  ServiceUnavailable: ["Layanan sedang tidak tersedia. Coba lagi nanti.", "The service is unavailable. Try again later."],
  Unreachable: ["API tidak dapat dihubungi.", "The API cannot be reached."],
  invalid_credentials: ["Surel atau kata sandi salah.", "Wrong e-mail or password."],
  user_banned: ["Akun ini dinonaktifkan.", "This account is disabled."],
};

export const UNKNOWN_PROBLEM = ["Terjadi kesalahan.", "Something went wrong."];
