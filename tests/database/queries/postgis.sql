--! needs=postgis
SELECT ST_AsText(ST_Point(-47.9, -15.8)), ST_AsEWKT(ST_SetSRID(ST_MakePoint(1, 2), 4674)), ST_SRID(ST_GeomFromText('POINT(0 0)', 4326))

--! needs=postgis
SELECT ST_Area('POLYGON((0 0, 0 2, 2 2, 2 0, 0 0))'::geometry), ST_Perimeter('POLYGON((0 0, 0 2, 2 2, 2 0, 0 0))'::geometry), ST_Length('LINESTRING(0 0, 3 4)'::geometry)

--! needs=postgis
SELECT ST_Distance('POINT(0 0)'::geometry, 'POINT(3 4)'::geometry), 'POINT(0 0)'::geometry <-> 'POINT(3 4)'::geometry

--! needs=postgis
SELECT round(ST_Distance('POINT(-47.9 -15.8)'::geography, 'POINT(-46.6 -23.5)'::geography) / 1000)

--! needs=postgis
SELECT ST_Contains(ST_MakeEnvelope(0, 0, 10, 10), ST_Point(5, 5)), ST_Within(ST_Point(5, 5), ST_Buffer(ST_Point(5, 6), 2)), ST_Intersects('LINESTRING(0 0, 2 2)'::geometry, 'LINESTRING(0 2, 2 0)'::geometry), ST_DWithin(ST_Point(0, 0), ST_Point(0, 1), 1.5)

--! needs=postgis
SELECT ST_AsGeoJSON(ST_SetSRID(ST_Point(1, 2), 4326)), ST_AsText(ST_GeomFromGeoJSON('{"type": "Point", "coordinates": [1, 2]}')), ST_AsBinary(ST_Point(1, 2)), ST_GeoHash(ST_SetSRID(ST_Point(-47, -15), 4326))

--! needs=postgis
SELECT g % 3 AS grupo, ST_AsText(ST_Centroid(ST_Collect(ST_Point(g, g * 2)))), ST_AsText(ST_ConvexHull(ST_Collect(ST_Point(g, g * g)))) FROM generate_series(1, 9) g GROUP BY 1 ORDER BY 1

--! needs=postgis
SELECT ST_AsText(ST_Union(ST_MakeEnvelope(g, 0, g + 1.5, 1))), ST_Extent(ST_Point(g, g)) FROM generate_series(1, 3) g

--! needs=postgis
SELECT ST_X(p), ST_Y(p), ST_GeometryType(p), ST_NPoints('LINESTRING(0 0, 1 1, 2 2)'::geometry), ST_IsValid(p) FROM (SELECT ST_Point(1, 2) AS p) s

--! needs=postgis
SELECT (ST_Dump('MULTIPOINT(1 1, 2 2)'::geometry)).path, ST_AsText((ST_Dump('MULTIPOINT(1 1, 2 2)'::geometry)).geom), ST_AsText((d).geom) FROM (SELECT ST_DumpPoints('LINESTRING(0 0, 1 1)'::geometry) AS d) x

--! needs=postgis
SELECT ST_AsText(ST_Transform(ST_SetSRID(ST_Point(-47.9, -15.8), 4326), 3857), 0)

--! needs=postgis
SELECT ST_AsText(ST_Intersection(ST_MakeEnvelope(0, 0, 2, 2), ST_MakeEnvelope(1, 1, 3, 3))), ST_AsText(ST_Difference(ST_MakeEnvelope(0, 0, 2, 2), ST_MakeEnvelope(1, 0, 3, 2))), ST_Touches(ST_MakeEnvelope(0, 0, 1, 1), ST_MakeEnvelope(1, 0, 2, 1))

--! needs=postgis
SELECT ST_AsText(ST_Simplify('LINESTRING(0 0, 1 0.01, 2 0)'::geometry, 0.1)), ST_AsText(ST_Snap('POINT(0.01 0)', 'POINT(0 0)', 0.1)), ST_Azimuth(ST_Point(0, 0), ST_Point(1, 1))

--! needs=postgis
SELECT srid, auth_name FROM spatial_ref_sys WHERE srid IN (4326, 4674, 31983) ORDER BY srid

--! needs=postgis
SELECT ST_AsText(geom), cid FROM (SELECT geom, ST_ClusterDBSCAN(geom, 1.5, 1) OVER () AS cid FROM (SELECT ST_Point(x, 0) AS geom FROM (VALUES (0), (1), (10)) v(x)) p) c ORDER BY ST_X(geom)

--! needs=postgis
SELECT ST_AsText(ST_LineInterpolatePoint('LINESTRING(0 0, 10 0)', 0.3)), ST_LineLocatePoint('LINESTRING(0 0, 10 0)', 'POINT(4 1)'), ST_AsText(ST_ClosestPoint('LINESTRING(0 0, 10 0)', 'POINT(4 1)'))

--! needs=postgis
SELECT PostGIS_Lib_Version() IS NOT NULL, 'BOX(0 0,1 1)'::box2d, ST_MakeEnvelope(0, 0, 1, 1) && ST_Point(0.5, 0.5), ST_HasArc('POINT(0 0)')
