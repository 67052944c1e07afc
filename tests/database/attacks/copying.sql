COPY conta TO STDOUT

COPY conta FROM STDIN

COPY (SELECT 1) TO STDOUT

COPY (DELETE FROM conta RETURNING *) TO STDOUT

COPY conta TO '{scratch}/copia'

COPY conta FROM '{scratch}/isca.csv'

COPY conta TO PROGRAM 'cat > {scratch}/copia'

COPY conta FROM PROGRAM 'touch {scratch}/copia'

COPY (SELECT 1) TO PROGRAM 'touch {scratch}/copia'

COPY BINARY conta TO '{scratch}/copia'

COPY conta TO '{scratch}/copia' WITH (FORMAT csv, HEADER)

EXPLAIN COPY conta TO '{scratch}/copia'

WITH x AS (COPY conta TO STDOUT) SELECT 1

SELECT * FROM (COPY conta TO STDOUT) x

SELECT 1; COPY conta TO '{scratch}/copia'

SELECT executa('COPY conta TO ''{scratch}/copia''')

SELECT executa('COPY conta TO PROGRAM ''touch {scratch}/copia''')

SELECT executa('COPY conta TO STDOUT')

SELECT executa('COPY conta FROM ''{scratch}/isca.csv''')

SELECT executa_como_superusuario('COPY conta TO ''{scratch}/copia''')

SELECT executa_como_superusuario('COPY conta TO PROGRAM ''touch {scratch}/copia''')

SELECT engole_erros('COPY conta TO ''{scratch}/copia''')
