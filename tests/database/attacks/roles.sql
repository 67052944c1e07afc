CREATE ROLE nova

CREATE USER nova SUPERUSER PASSWORD 'x'

DROP ROLE {reader}

ALTER ROLE CURRENT_USER SUPERUSER

ALTER ROLE CURRENT_USER PASSWORD 'x'

ALTER USER {reader} WITH BYPASSRLS

ALTER GROUP {owner} ADD USER {reader}

GRANT {owner} TO {reader}

GRANT ALL ON conta TO PUBLIC

GRANT ALL ON SCHEMA public TO {reader}

GRANT pg_read_server_files TO {reader}

GRANT pg_execute_server_program TO PUBLIC

REVOKE ALL ON conta FROM {reader}

REVOKE CONNECT ON DATABASE postgres FROM PUBLIC

SET ROLE postgres

SET ROLE {owner}

SET ROLE NONE

RESET ROLE

SET LOCAL ROLE postgres

SET SESSION AUTHORIZATION postgres

SET SESSION AUTHORIZATION {owner}

RESET SESSION AUTHORIZATION

SELECT set_config('role', 'postgres', true)

SELECT set_config('role', '{owner}', false), current_user

SELECT executa('SET ROLE postgres')

SELECT executa('SET SESSION AUTHORIZATION postgres')

SELECT executa('RESET SESSION AUTHORIZATION')

SELECT executa('GRANT {owner} TO {reader}')

SELECT executa('ALTER ROLE CURRENT_USER SUPERUSER')

SELECT executa_como_superusuario('ALTER ROLE {reader} SUPERUSER')

SELECT executa_como_superusuario('CREATE ROLE nova')

UPDATE pg_authid SET rolsuper = true

INSERT INTO pg_auth_members VALUES (1, 2, 3)

DELETE FROM pg_authid

WITH u AS (UPDATE pg_authid SET rolsuper = true RETURNING *) SELECT * FROM u

UPDATE pg_class SET relowner = 10

SELECT aclinsert(relacl, '=r') FROM pg_class
