// What must hold for the verifier of audit logs on any bytes: checked by the fuzzer and by every test run on its kept
// corpus.
#pragma once

#include <string>
#include <string_view>

namespace forgelm::test {

/// The input is a log, and after a NUL the checkpoint beside it, and after another the genesis manifest. "" when the
/// verifier keeps its promises, else the promise broken: no exception; the same answer however the bytes come in
/// pieces; words for every refusal, in UTF-8; of an intact log, every entry's proof verifies and no change of a byte
/// before the last line leaves it intact; a checkpoint that is read is written again the same.
std::string broken_audit_log_promise(std::string_view input);

/// The log with prev_hash and seq of every line made to fit: what a mutation needs to get past the chain.
std::string with_fitting_chain(std::string_view log);

}  // namespace forgelm::test
