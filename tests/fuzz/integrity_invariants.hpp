// What must hold for the readers of a model's evidence on any text: model_integrity.json, OpenSSF Model Signing bundles
// and their statements. Checked by the fuzzer and by every test run on its kept corpus. No files, no keys.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// "" when the readers keep their promises, else the promise broken: refused with words, or names unique and below the
/// directory, digests whole, and what was read, written again, reads the same.
std::string broken_integrity_promise(std::string_view text);

}  // namespace forgelm::test
