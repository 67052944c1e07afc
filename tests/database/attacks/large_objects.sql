SELECT lo_create(0)

SELECT lo_creat(-1)

SELECT lo_create(4711)

SELECT lo_from_bytea(0, '\x00')

SELECT lo_from_bytea(4712, 'abc')

SELECT lo_put({large_object}, 0, 'xyz')

SELECT lo_get({large_object})

SELECT lo_get({large_object}, 0, 10)

SELECT lo_unlink({large_object})

SELECT lo_open({large_object}, 131072)

SELECT lo_open({large_object}, 393216)

SELECT lowrite(lo_open({large_object}, 131072), 'abc')

SELECT loread(lo_open({large_object}, 262144), 10)

SELECT lo_truncate(lo_open({large_object}, 131072), 0)

SELECT lo_truncate64(lo_open({large_object}, 131072), 0)

SELECT lo_lseek(lo_open({large_object}, 262144), 1, 0)

SELECT lo_lseek64(0, 1, 0), lo_tell(0), lo_tell64(0)

SELECT lo_close(0)

SELECT lo_import('{scratch}/isca.csv')

SELECT lo_import('{scratch}/isca.csv', 4713)

SELECT lo_export({large_object}, '{scratch}/exportado')

SELECT ({large_object}::oid).lo_unlink

SELECT pg_catalog.lo_unlink(loid) FROM pg_largeobject_metadata AS m(loid)

SELECT objeto_grande()

SELECT executa('SELECT lo_create(4714)')

SELECT executa('SELECT lo_unlink({large_object})')

SELECT executa('SELECT lo_export({large_object}, ''{scratch}/exportado'')')

SELECT executa_como_superusuario('SELECT lo_export({large_object}, ''{scratch}/exportado'')')

SELECT executa_como_superusuario('SELECT lo_import(''{scratch}/isca.csv'')')

DELETE FROM pg_largeobject

ALTER LARGE OBJECT {large_object} OWNER TO {owner}

GRANT ALL ON LARGE OBJECT {large_object} TO PUBLIC

COMMENT ON LARGE OBJECT {large_object} IS 'x'
