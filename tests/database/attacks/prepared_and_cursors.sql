PREPARE p AS DELETE FROM conta

PREPARE p (int) AS SELECT $1

EXECUTE p

EXECUTE p(1)

DEALLOCATE ALL

DEALLOCATE p

DECLARE c CURSOR WITH HOLD FOR SELECT * FROM conta

DECLARE c BINARY INSENSITIVE CURSOR FOR SELECT 1

DECLARE sqlagent CURSOR FOR SELECT 1

FETCH 1 FROM sqlagent

FETCH ALL FROM sqlagent

MOVE ALL IN sqlagent

CLOSE sqlagent

CLOSE ALL

SELECT 1 FROM conta WHERE CURRENT OF sqlagent

DELETE FROM conta WHERE CURRENT OF sqlagent

SELECT executa('PREPARE p AS DELETE FROM conta')

SELECT executa('EXECUTE p')

SELECT executa('DEALLOCATE ALL')

SELECT executa('DECLARE c CURSOR WITH HOLD FOR SELECT * FROM conta')

SELECT executa('CLOSE ALL')

SELECT executa('CLOSE sqlagent')

SELECT executa('CLOSE sqlagent'), nome FROM conta

SELECT executa('MOVE ALL IN sqlagent')

SELECT abre_cursor()

SELECT abre_cursor() FROM generate_series(1, 3)

FETCH 1 FROM "c"

DO $$BEGIN DELETE FROM conta; END$$

DO LANGUAGE plpgsql 'BEGIN DELETE FROM conta; END'

DO $$BEGIN PERFORM pg_advisory_lock(1); END$$

DO $$BEGIN EXECUTE 'COPY conta TO PROGRAM ''touch {scratch}/x'''; END$$

DO LANGUAGE plpython3u $$import os$$

CREATE PROCEDURE nova() LANGUAGE plpgsql AS $$BEGIN COMMIT; END$$

SELECT CALL confirma_e_apaga()

SELECT DO $$BEGIN NULL; END$$

SELECT executa('DO $d$BEGIN COMMIT; DELETE FROM conta; END$d$')

SELECT executa('CALL confirma_e_apaga()')

SELECT executa('CREATE EVENT TRIGGER nova ON ddl_command_start EXECUTE FUNCTION gatilho_de_evento()')

SELECT executa_como_superusuario('CREATE EVENT TRIGGER nova ON ddl_command_start EXECUTE FUNCTION gatilho_de_evento()')
