-- What only a superuser can leave lying around. The bait that attacks reach for lies here too.

CREATE FUNCTION executa_como_superusuario(sql text) RETURNS integer LANGUAGE plpgsql SECURITY DEFINER AS
  $$BEGIN EXECUTE sql; RETURN 1; END$$;
CREATE VIEW vista_programa AS
  SELECT executa_como_superusuario('COPY (SELECT 1) TO PROGRAM ''date +%N > {scratch}/feito''');
GRANT SELECT ON vista_programa TO PUBLIC;
CREATE FUNCTION gatilho_de_evento() RETURNS event_trigger LANGUAGE plpgsql AS $$BEGIN NULL; END$$;
SELECT lo_create(471100);
SELECT lo_put(471100, 0, 'conteúdo do objeto grande');
GRANT ALL ON LARGE OBJECT 471100 TO PUBLIC;
