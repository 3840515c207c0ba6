"""What an empty Supabase project has before its first migration, as far as migrations refer to it."""

from __future__ import annotations

SUPERUSER = "supabase_admin"

PROJECT = """
create role postgres login createdb createrole replication bypassrls;
create role anon nologin noinherit;
create role authenticated nologin noinherit;
create role service_role nologin noinherit bypassrls;
create role authenticator login noinherit;
create role supabase_auth_admin login noinherit createrole;
create role supabase_storage_admin login noinherit createrole;
create role supabase_replication_admin login replication;
create role supabase_read_only_user login bypassrls;
create role dashboard_user nologin createdb createrole replication;
grant anon, authenticated, service_role to authenticator, postgres with admin option;
grant pg_monitor, pg_read_all_data to postgres with admin option;
alter database postgres owner to postgres;

create schema auth authorization supabase_auth_admin;
create schema extensions authorization postgres;
create schema storage authorization supabase_storage_admin;
grant usage on schema auth, extensions, storage, public to anon, authenticated, service_role, postgres;

set role supabase_auth_admin;
create table auth.users (
    instance_id uuid, id uuid primary key, aud text, role text, email text unique, encrypted_password text,
    invited_at timestamptz, last_sign_in_at timestamptz, raw_app_meta_data jsonb, raw_user_meta_data jsonb,
    is_super_admin boolean, created_at timestamptz, updated_at timestamptz, phone text unique,
    email_confirmed_at timestamptz, phone_confirmed_at timestamptz, confirmed_at timestamptz, banned_until timestamptz,
    is_sso_user boolean not null default false, deleted_at timestamptz, is_anonymous boolean not null default false
);
alter table auth.users enable row level security;
grant all on auth.users to postgres;
create function auth.uid() returns uuid language sql stable as
    $$ select (nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub')::uuid $$;
create function auth.role() returns text language sql stable as
    $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role' $$;
create function auth.email() returns text language sql stable as
    $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email' $$;
create function auth.jwt() returns jsonb language sql stable as
    $$ select nullif(current_setting('request.jwt.claims', true), '')::jsonb $$;
set role supabase_storage_admin;
create table storage.buckets (
    id text primary key, name text not null unique, owner uuid, owner_id text, public boolean default false,
    file_size_limit bigint, allowed_mime_types text[], avif_autodetection boolean default false,
    created_at timestamptz default now(), updated_at timestamptz default now()
);
create table storage.objects (
    id uuid primary key default gen_random_uuid(), bucket_id text references storage.buckets (id), name text,
    owner uuid, owner_id text, metadata jsonb, user_metadata jsonb, version text,
    path_tokens text[] generated always as (string_to_array(name, '/')) stored,
    created_at timestamptz default now(), updated_at timestamptz default now(), last_accessed_at timestamptz
);
alter table storage.buckets enable row level security;
alter table storage.objects enable row level security;
grant all on storage.buckets, storage.objects to anon, authenticated, service_role, postgres with grant option;
create function storage.foldername(name text) returns text[] language sql immutable as
    $$ select (string_to_array(name, '/'))[1:array_length(string_to_array(name, '/'), 1) - 1] $$;
create function storage.filename(name text) returns text language sql immutable as
    $$ select (string_to_array(name, '/'))[array_length(string_to_array(name, '/'), 1)] $$;
create function storage.extension(name text) returns text language sql immutable as
    $$ select reverse(split_part(reverse(storage.filename(name)), '.', 1)) $$;
reset role;
-- Policies on files, and triggers on people, are the migrations' to make.
grant supabase_auth_admin, supabase_storage_admin to postgres;

create function extensions.uuid_generate_v4() returns uuid language sql volatile as $$ select gen_random_uuid() $$;
create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;

alter role postgres set search_path = "$user", public, extensions;
alter default privileges for role postgres, supabase_admin in schema public
    grant all on tables to postgres, anon, authenticated, service_role;
alter default privileges for role postgres, supabase_admin in schema public
    grant all on routines to postgres, anon, authenticated, service_role;
alter default privileges for role postgres, supabase_admin in schema public
    grant all on sequences to postgres, anon, authenticated, service_role;
"""
