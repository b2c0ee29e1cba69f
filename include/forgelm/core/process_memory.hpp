// What the process does with memory that is freed.
#pragma once

namespace forgelm {

/// From now on it stays with the process, blocks of more than 32 MiB excepted, for the next that needs some: making
/// pages anew costs more than what is done with them where the same sizes come again and again.
void keep_freed_memory() noexcept;

}  // namespace forgelm
