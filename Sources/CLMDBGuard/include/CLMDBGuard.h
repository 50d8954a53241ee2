#pragma once
#include <lmdb.h>

// LMDB ends the process (an assertion, then SIGABRT) where a cursor steps onto a page that is no leaf, for example one
// that a bad disk filled with zeros. A look-up of the same page returns MDB_CORRUPTED. These two make a cursor do so too.

/// Installs the handler of assertions. Inside `needletail_cursor_get` an assertion makes that call return MDB_CORRUPTED.
/// Anywhere else a line on standard error names the directory, and LMDB ends the process as before.
int needletail_guard_assertions(MDB_env *env);

/// mdb_cursor_get. After MDB_CORRUPTED close the cursor, and reset or abort its transaction: nothing else is defined.
int needletail_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *data, MDB_cursor_op operation);
