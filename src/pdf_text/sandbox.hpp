// What the reader of PDFs may do: read its standard input, write its standard output, use so much memory and time. All
// of it is given up before the first byte of a document is looked at.
#pragma once

#include <cstdint>

namespace forgelm::pdf_text {

/// Sets the limits on memory and files, and the filter of system calls (x86-64 and ARM64; elsewhere there is none).
/// False when the system refuses.
bool enter_sandbox() noexcept;

/// From now on kMaxPageMs of processor time may pass until the next call; then the process says "limit time" and ends,
/// or "limit work" when what a document of `document_bytes` may take in all is used up.
void restart_clock(std::uint64_t document_bytes) noexcept;

}  // namespace forgelm::pdf_text
