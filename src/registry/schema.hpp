// The tables of the index and how an older one becomes the newest: migrations, numbered by `user_version` from 1 on. A
// migration that has been released never changes. The tables are STRICT; times are ISO 8601 in UTC, lists are JSON.
#pragma once

#include "sqlite.hpp"

namespace forgelm::registry {

/// The `user_version` of what this program writes.
int schema_version() noexcept;

/// Brings the tables up to schema_version(); waits for whoever does the same. RunError(store) when the file is of a
/// newer forgelm, or of another program. Does nothing to an index that is up to date.
void migrate(Database& database);

/// The same check without the change, for an index that cannot be written: RunError(store) when it is older, too.
void require_current(Database& database);

}  // namespace forgelm::registry
