#include "CLMDBGuard.h"

#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <unistd.h>

// Where the guarded call of this thread returns to. A jump passes frames of LMDB's read path only: they hold no lock
// and no memory.
static _Thread_local jmp_buf *guarded = NULL;

static void on_assertion(MDB_env *env, const char *text) {
    if (guarded != NULL) {
        jmp_buf *place = guarded;
        guarded = NULL;
        longjmp(*place, 1);
    }
    const char *path = "";
    mdb_env_get_path(env, &path);
    dprintf(STDERR_FILENO, "the data file in %s is damaged: %s; see \"The directory is damaged\" in the Runbook\n",
            path, text);
}

int needletail_guard_assertions(MDB_env *env) { return mdb_env_set_assert(env, on_assertion); }

int needletail_cursor_get(MDB_cursor *cursor, MDB_val *key, MDB_val *data, MDB_cursor_op operation) {
    jmp_buf place;
    // _setjmp does not save the signal mask, so it costs some nanoseconds.
    if (_setjmp(place) != 0) return MDB_CORRUPTED;
    guarded = &place;
    int code = mdb_cursor_get(cursor, key, data, operation);
    guarded = NULL;
    return code;
}
