-- What: the public list lost its policy in a clean-up of policies with USING (true), and RLS stayed on.
-- Leak: none; locked out: everybody: select on public.provinces (no rows)
-- Red: test_everybody_keeps_the_approved_access[public.provinces]
-- Red: test_nothing_has_drifted[policies]
drop policy "everybody reads" on public.provinces;
