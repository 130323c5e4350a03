BEGIN TRANSACTION;
CREATE TABLE documents (
  id TEXT PRIMARY KEY, root TEXT NOT NULL, file TEXT NOT NULL UNIQUE, sha256 TEXT NOT NULL, encoding TEXT NOT NULL,
  size INTEGER NOT NULL, lines INTEGER NOT NULL, chars INTEGER NOT NULL, indexed_at TEXT NOT NULL, text TEXT NOT NULL
);
INSERT INTO "documents" VALUES('8035dcbe958fcaf7','/corpus','dos.md','9aad8c2fa6863f810ec8094fb15959b9d617b36df7b21989736e27c396c25d84','utf-8',58,3,58,'2026-01-01T00:00:00+00:00','# La biblioteca

Cierra los lunes y **abre** a las nueve.
');
INSERT INTO "documents" VALUES('71f8026e4f503b5b','/corpus','uno.txt','3f05b17b8d5ce837f9a181bed2227ea33a45e4e7d1c6fcd065b207c9b514b6df','utf-8',71,2,68,'2026-01-01T00:00:00+00:00','El puente de Triana se abrió en 1852.
Lo diseñó Gustave Steinacher.
');
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO "meta" VALUES('dense','120ca722');
INSERT INTO "meta" VALUES('generation','2');
INSERT INTO "meta" VALUES('lexical','68fcea18');
INSERT INTO "meta" VALUES('model','tiny@1/8');
INSERT INTO "meta" VALUES('projected','2');
CREATE TABLE passages (
  pk INTEGER PRIMARY KEY AUTOINCREMENT, document_id TEXT NOT NULL REFERENCES documents(id) ON DELETE CASCADE,
  ordinal INTEGER NOT NULL, char_start INTEGER NOT NULL, char_end INTEGER NOT NULL,
  line_start INTEGER NOT NULL, line_end INTEGER NOT NULL, text TEXT NOT NULL, UNIQUE (document_id, ordinal)
);
INSERT INTO "passages" VALUES(1,'8035dcbe958fcaf7',0,0,57,1,3,'# La biblioteca

Cierra los lunes y **abre** a las nueve.');
INSERT INTO "passages" VALUES(2,'71f8026e4f503b5b',0,0,67,1,2,'El puente de Triana se abrió en 1852.
Lo diseñó Gustave Steinacher.');
CREATE TABLE sentences (
  passage_pk INTEGER NOT NULL REFERENCES passages(pk) ON DELETE CASCADE, ordinal INTEGER NOT NULL,
  char_start INTEGER NOT NULL, char_end INTEGER NOT NULL, line_start INTEGER NOT NULL, line_end INTEGER NOT NULL,
  PRIMARY KEY (passage_pk, ordinal)
) WITHOUT ROWID;
INSERT INTO "sentences" VALUES(1,0,0,15,1,1);
INSERT INTO "sentences" VALUES(1,1,17,57,3,3);
INSERT INTO "sentences" VALUES(2,0,0,37,1,1);
INSERT INTO "sentences" VALUES(2,1,38,67,2,2);
CREATE TABLE vectors (
  passage_pk INTEGER NOT NULL REFERENCES passages(pk) ON DELETE CASCADE, model TEXT NOT NULL,
  passage BLOB NOT NULL, sentences BLOB NOT NULL, PRIMARY KEY (model, passage_pk)
);
INSERT INTO "vectors" VALUES(1,'tiny@1/8',X'7FBCEA3E77E76B3E77E76B3E77E76B3EDC7B153B7FBCEA3E7FBCEA3E7FBCEA3E',X'8D1C8D1C2F378D1C8D1C8D1C8D1C263B46384B3471194B347119463846387119');
INSERT INTO "vectors" VALUES(2,'tiny@1/8',X'8CA7C13E319E423E0000113F0000113FFEA4F63A8CA7C13E319E423EFEA4F63A',X'05341819FD390038181905340534181900380038121D0038121D0038121D121D');
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('passages',2);
COMMIT;
PRAGMA user_version = 1;
