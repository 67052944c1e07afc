"""A database with PostGIS on Debian's server: columns of every way to declare a geometry, and what looks like one."""

from __future__ import annotations

import os
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import conninfo as libpq

from tests.fix_servers import Cluster, not_installed

NAME = f"mapa_{os.getpid()}"
READER = f"{NAME}_leitor"

_SCHEMA = f"""
CREATE SCHEMA "Geo";
CREATE EXTENSION postgis SCHEMA "Geo";
SET search_path = public, "Geo";
CREATE TABLE imovel (
  id integer PRIMARY KEY, sede geometry(Point, 4674), limite geometry(MultiPolygon, 4674), livre geometry,
  altitude geometry(PointZ, 31983), lugar geography(Point, 4326), pontos geometry(Point, 4674)[]);
INSERT INTO imovel VALUES (1, ST_SetSRID(ST_Point(-47.9, -15.8), 4674),
  ST_Multi(ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))', 4674)), ST_Point(1, 2),
  ST_SetSRID(ST_MakePoint(1, 2, 3), 31983), ST_SetSRID(ST_Point(-47.9, -15.8), 4326)::geography,
  ARRAY[ST_SetSRID(ST_Point(1, 2), 4674)]), (2, NULL, NULL, 'POINT EMPTY', NULL, NULL, NULL);
CREATE DOMAIN ponto AS geometry(Point, 4674);
CREATE TABLE marco (onde ponto);
INSERT INTO marco VALUES (ST_SetSRID(ST_Point(3, 4), 4674));
CREATE TABLE rio (curso geometry(LineString, 4674));
INSERT INTO rio SELECT ST_SetSRID(ST_MakeLine(ARRAY(SELECT ST_Point(g, g) FROM generate_series(1, 300000) g)), 4674);
CREATE SCHEMA falso;
CREATE TYPE falso.geometry AS (x integer, y integer);
CREATE SEQUENCE falso.chamadas;
CREATE FUNCTION falso.st_asewkt(falso.geometry) RETURNS text LANGUAGE sql
  AS $$SELECT 'chamada ' || nextval('falso.chamadas')$$;
CREATE ROLE {READER} LOGIN;
GRANT USAGE ON SCHEMA public, "Geo", falso TO {READER};
GRANT SELECT ON ALL TABLES IN SCHEMA public TO {READER};
"""


@pytest.fixture(scope="session")
def postgis(server_15: Cluster) -> Iterator[str]:
    """The way into the database, as a role that may only read. PostGIS lies in a schema that search_path hasn't."""
    admin_way = server_15.conninfo()
    with psycopg.connect(admin_way, autocommit=True) as admin:
        if not admin.execute("SELECT 1 FROM pg_available_extensions WHERE name = 'postgis'").fetchone():
            not_installed("PostGIS", "postgresql-postgis")
        admin.execute(f"CREATE DATABASE {NAME} TEMPLATE template0")
    with psycopg.connect(libpq.make_conninfo(admin_way, dbname=NAME), autocommit=True) as owner:
        owner.execute(_SCHEMA.encode())
    yield libpq.make_conninfo(admin_way, dbname=NAME, user=READER)
    with psycopg.connect(admin_way, autocommit=True) as admin:
        admin.execute(f"DROP DATABASE {NAME} WITH (FORCE)")
        admin.execute(f"DROP ROLE {READER}")
