-- What the owner of a database may have built, on purpose or not: anything that acts when it is only read.

CREATE FUNCTION executa(sql text) RETURNS integer LANGUAGE plpgsql AS $$BEGIN EXECUTE sql; RETURN 1; END$$;
CREATE FUNCTION engole_erros(sql text) RETURNS integer LANGUAGE plpgsql AS $$
  BEGIN EXECUTE sql; RETURN 1; EXCEPTION WHEN OTHERS THEN RETURN 0; END$$;
CREATE FUNCTION muda_configuracao() RETURNS integer LANGUAGE plpgsql SET work_mem = '8MB' AS $$
  BEGIN SET statement_timeout = 0; SET search_path = outro; SET SESSION CHARACTERISTICS AS TRANSACTION READ WRITE;
  RETURN 1; END$$;
CREATE FUNCTION emite() RETURNS pg_lsn LANGUAGE sql AS $$SELECT pg_logical_emit_message(false, 'x', 'y')$$;
CREATE FUNCTION emite_estavel() RETURNS pg_lsn LANGUAGE sql STABLE AS 'SELECT emite()';
CREATE FUNCTION gasta_transacao() RETURNS xid8 LANGUAGE sql AS 'SELECT pg_current_xact_id()';
CREATE FUNCTION abre_cursor() RETURNS refcursor LANGUAGE plpgsql AS $$
  DECLARE c CURSOR FOR SELECT * FROM conta; BEGIN OPEN c; RETURN c; END$$;
CREATE FUNCTION apaga_com_padrao(sql text DEFAULT 'DELETE FROM conta') RETURNS integer LANGUAGE sql AS 'SELECT executa(sql)';
CREATE FUNCTION apaga_varios(VARIADIC ids integer[]) RETURNS integer LANGUAGE plpgsql AS $$
  BEGIN DELETE FROM conta WHERE id = ANY (ids); RETURN 1; END$$;
CREATE FUNCTION apaga_tabela() RETURNS SETOF record LANGUAGE sql AS 'DELETE FROM conta RETURNING id';
CREATE FUNCTION linhas_que_apagam() RETURNS TABLE (id integer) LANGUAGE sql AS 'DELETE FROM conta RETURNING id';
CREATE FUNCTION executa_numero(numero integer) RETURNS integer LANGUAGE sql AS $$SELECT executa('DELETE FROM conta')$$;
CREATE FUNCTION "Função que apaga"() RETURNS integer LANGUAGE sql AS 'SELECT apaga()';
CREATE FUNCTION outro.apaga_la() RETURNS integer LANGUAGE sql AS 'SELECT public.apaga()';
CREATE FUNCTION apaga_linha(conta) RETURNS integer LANGUAGE sql AS 'SELECT apaga()';
CREATE FUNCTION tranca_linha(conta) RETURNS integer LANGUAGE sql AS 'SELECT pg_advisory_lock(9); SELECT 1';
CREATE PROCEDURE confirma_e_apaga() LANGUAGE plpgsql AS $$BEGIN COMMIT; DELETE FROM conta; COMMIT; END$$;

-- Said to be harmless, which the server believes at planning time.
CREATE FUNCTION apaga_imutavel() RETURNS integer LANGUAGE plpgsql IMMUTABLE AS
  $$BEGIN DELETE FROM conta; RETURN 1; END$$;
CREATE FUNCTION tranca_imutavel() RETURNS integer LANGUAGE sql IMMUTABLE AS 'SELECT pg_advisory_lock(8); SELECT 1';

CREATE FUNCTION apaga_operador(a integer, b integer) RETURNS integer LANGUAGE sql AS 'SELECT apaga()';
CREATE OPERATOR ===> (LEFTARG = integer, RIGHTARG = integer, FUNCTION = apaga_operador);
CREATE FUNCTION apaga_matriz(a integer[], b integer) RETURNS integer LANGUAGE sql AS 'SELECT apaga()';
CREATE OPERATOR @@@> (LEFTARG = integer[], RIGHTARG = integer, FUNCTION = apaga_matriz);

CREATE TYPE tentacao AS (x integer);
CREATE FUNCTION apaga_texto(tentacao) RETURNS text LANGUAGE sql AS 'SELECT apaga()::text';
CREATE FUNCTION apaga_inteiro(tentacao) RETURNS integer LANGUAGE sql AS 'SELECT apaga()';
CREATE CAST (tentacao AS text) WITH FUNCTION apaga_texto(tentacao) AS IMPLICIT;
CREATE CAST (tentacao AS integer) WITH FUNCTION apaga_inteiro(tentacao);

CREATE FUNCTION apaga_prova(integer) RETURNS boolean LANGUAGE sql AS 'SELECT apaga() > 0';
CREATE FUNCTION tranca_prova(integer) RETURNS boolean LANGUAGE sql AS 'SELECT pg_advisory_lock(10); SELECT true';
CREATE DOMAIN dominio_que_apaga AS integer CHECK (apaga_prova(VALUE));
CREATE DOMAIN dominio_que_tranca AS integer CHECK (tranca_prova(VALUE));
CREATE TYPE registro_que_apaga AS (a dominio_que_apaga);

CREATE FUNCTION apaga_passo(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT apaga()';
CREATE AGGREGATE agrega_e_apaga (integer) (SFUNC = apaga_passo, STYPE = integer, INITCOND = '0');

CREATE SCHEMA armadilha;
GRANT USAGE ON SCHEMA armadilha TO PUBLIC;
CREATE FUNCTION armadilha.count(text) RETURNS integer LANGUAGE sql AS 'SELECT public.apaga()';
CREATE FUNCTION armadilha.lower(text) RETURNS text LANGUAGE sql AS 'SELECT public.apaga()::text';
CREATE FUNCTION armadilha.soma(integer, integer) RETURNS integer LANGUAGE sql AS 'SELECT public.apaga()';
CREATE OPERATOR armadilha.+ (LEFTARG = integer, RIGHTARG = integer, FUNCTION = armadilha.soma);
CREATE FUNCTION armadilha.junta(text, text) RETURNS text LANGUAGE sql AS 'SELECT public.apaga()::text';
CREATE OPERATOR armadilha.|| (LEFTARG = text, RIGHTARG = text, FUNCTION = armadilha.junta);
CREATE DOMAIN armadilha.int4 AS integer CHECK (public.apaga_prova(VALUE));

CREATE VIEW vista_apaga AS SELECT apaga_como_dono() AS a;
CREATE VIEW vista_tranca AS SELECT pg_advisory_lock(11)::text AS a;
CREATE VIEW vista_avisa AS SELECT pg_notify('canal', 'x')::text AS a;
CREATE VIEW vista_contador AS SELECT nextval('contador') AS a;
CREATE VIEW vista_emite AS SELECT pg_logical_emit_message(false, 'x', 'y')::text AS a;
CREATE VIEW vista_objeto_grande AS SELECT lo_create(0) AS a;

CREATE TABLE tabela_com_politica AS SELECT g AS id FROM generate_series(1, 3) g;
ALTER TABLE tabela_com_politica ENABLE ROW LEVEL SECURITY;
ALTER TABLE tabela_com_politica FORCE ROW LEVEL SECURITY;
CREATE POLICY politica ON tabela_com_politica USING (apaga_como_dono() > 0);
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader};
GRANT UPDATE, USAGE ON ALL SEQUENCES IN SCHEMA public TO {reader};
