"""The reference system's database: Supabase's roles and schemas, the migrations, the seed, and what builds them."""
