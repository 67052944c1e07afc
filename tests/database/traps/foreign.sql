-- Other databases, files and programs that look like tables.

CREATE SERVER laco FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '{socket}', port '5432', dbname '{database}');
CREATE USER MAPPING FOR PUBLIC SERVER laco OPTIONS (user 'postgres', password_required 'false');
CREATE FOREIGN TABLE conta_remota (id integer, nome text, saldo numeric) SERVER laco OPTIONS (table_name 'conta');
CREATE SERVER arquivos FOREIGN DATA WRAPPER file_fdw;
CREATE FOREIGN TABLE arquivo_de_isca (a text) SERVER arquivos OPTIONS (filename '{scratch}/isca.csv', format 'text');
CREATE FOREIGN TABLE programa_de_isca (a text) SERVER arquivos OPTIONS (program 'date +%N | tee {scratch}/lido');
CREATE VIEW vista_remota AS
  SELECT executa_como_superusuario('SELECT dblink_exec(''{loopback}'', ''UPDATE vazia_remota SET a = a'')');
CREATE TABLE vazia_remota AS SELECT 1 AS a;
GRANT SELECT ON conta_remota, arquivo_de_isca, programa_de_isca, vista_remota TO PUBLIC;
