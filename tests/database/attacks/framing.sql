SELECT 1; DELETE FROM conta

SELECT 1;; DELETE FROM conta

; DELETE FROM conta

;;; SELECT 1; SELECT 2

--! harmless
SELECT 1;

--! harmless
SELECT 1 ; -- DELETE FROM conta;

--! harmless
SELECT '; DELETE FROM conta; --'

SELECT '\'; DELETE FROM conta; --'

--! harmless
SELECT E'\'; DELETE FROM conta; --'

SELECT E'\\'; DELETE FROM conta; --'

SELECT U&'\0027; DELETE FROM conta; --'; DELETE FROM conta

--! harmless
SELECT U&'\0027; DELETE FROM conta; --'

--! harmless
SELECT U&'!0027; DELETE FROM conta; --' UESCAPE '!'

SELECT U&'x' UESCAPE '''; DELETE FROM conta; --'

SELECT B'1'; DELETE FROM conta

SELECT N'x'; DELETE FROM conta

SELECT $$x$$; DELETE FROM conta

--! harmless
SELECT $a$ $b$; DELETE FROM conta; $a$

SELECT $a$ $a$; DELETE FROM conta; --$a$

SELECT $á$ $á$; DELETE FROM conta

SELECT 1 $1$; DELETE FROM conta; $1$

SELECT 'a' 'b'; DELETE FROM conta

--! harmless
SELECT 'a'
'; DELETE FROM conta; --'

SELECT 'a' /* ' */ ; DELETE FROM conta; -- '

SELECT 1 /* /* */ ; DELETE FROM conta; -- */ */

--! harmless
SELECT 1 /* /* */ ; DELETE FROM conta; */

SELECT 1 /* */ ; DELETE FROM conta /* */

SELECT 1 -- \n ; DELETE FROM conta
; DELETE FROM conta

SELECT 1
# comentário
; DELETE FROM conta

SELECT 1 --+
; UPDATE conta SET saldo = 0

SELECT "x"; DELETE FROM conta; --"

SELECT """; DELETE FROM conta; --"""

SELECT 1 AS "a;"; DELETE FROM conta

SELECT U&"\0022; DELETE FROM conta; --"; DELETE FROM conta

SELECT 1) AS q(c1); DELETE FROM conta; --

SELECT 'x') AS q(c1); DELETE FROM conta; --

SELECT 'x') AS q(c1), (DELETE FROM conta RETURNING nome) AS r(c2

--! harmless
SELECT 'x' /* 
) AS q(c1); DELETE FROM conta; -- */

SELECT 'x'
) AS q(c1) UNION SELECT nome FROM conta --

SELECT 'x'::text
) AS q(c1); COMMIT; DELETE FROM conta; --

SELECT 'x' FROM (SELECT 1

SELECT 'x' AS a FROM conta) AS q(c1) INTO nova --

)) SELECT 1

(SELECT 1

((SELECT 1); DELETE FROM conta)

CURSOR FOR SELECT 1; DELETE FROM conta

SELECT 1 FOR READ ONLY; DELETE FROM conta

SELECT 1; MOVE ALL FROM sqlagent

SELECT 1; CLOSE sqlagent; DECLARE sqlagent CURSOR WITH HOLD FOR SELECT 1

SELECT 1; DECLARE sqlagent_cut CURSOR FOR DELETE FROM conta RETURNING nome

SELECT 1; SET standard_conforming_strings = off

SELECT 1; SET backslash_quote = on; SELECT '\'; DELETE FROM conta; --'

--! harmless
SELECT '\\'

--! harmless
SELECT $1

--! harmless
SELECT $1::text; 

SELECT ?; DELETE FROM conta

SELECT %s; DELETE FROM conta

SELECT :x; DELETE FROM conta

\copy conta to '{scratch}/x'

\! touch {scratch}/x

SELECT 1 \; DELETE FROM conta

SELECT 1 \gexec

SELECT 'DELETE FROM conta' \gexec

--! escaped
SELECT 1;\rDELETE FROM conta

--! escaped
SELECT 1\r-- x\r; DELETE FROM conta

--! escaped
SELECT 1 -- x\u2028; DELETE FROM conta\n; DELETE FROM conta

--! escaped
SELECT 1\u00a0; DELETE FROM conta

--! escaped
\ufeffDELETE FROM conta

--! escaped
SELECT 1\uff1b DELETE FROM conta

--! escaped
SELECT \uff07 ; DELETE FROM conta; --

--! escaped
\u200bDELETE FROM conta

--! escaped
SELECT 1\x0b; DELETE FROM conta

--! escaped
SELECT 1\x1b]0;x\x07; DELETE FROM conta

--! escaped
\x04DELETE FROM conta

--! escaped
SELECT 1 AS "a\nb"; DELETE FROM conta

VALUES (1); DELETE FROM conta

TABLE conta; DELETE FROM conta

SHOW all; DELETE FROM conta

SHOW "work_mem"; DELETE FROM conta

SHOW work_mem -- x
; DELETE FROM conta

SHOW work_mem DELETE FROM conta

EXPLAIN SELECT 1; DELETE FROM conta

SELECT 1 UNION ALL SELECT 2; DELETE FROM conta

DELETE FROM conta; SELECT 1

delete from conta

DeLeTe FROM conta

DELETE/**/FROM/**/conta

/* SELECT */ DELETE FROM conta

-- SELECT
DELETE FROM conta

(DELETE FROM conta)

((DELETE FROM conta RETURNING id))

WITH x AS (SELECT 1) SELECT 1; WITH d AS (DELETE FROM conta RETURNING 1) SELECT 1
