#include "fuzz/audit_log_promise.hpp"

#include <algorithm>
#include <exception>
#include <vector>

#include "forgelm/compliance/audit_verify.hpp"
#include "forgelm/core/base64.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::test {
namespace {

using namespace compliance;

struct Input {
  std::string log;
  AuditVerifyOptions options;
};

Input taken_apart(std::string_view input) {
  auto parts = split(input, '\0');
  Input taken;
  taken.log = std::move(parts[0]);
  if (parts.size() > 1) taken.options.checkpoint = std::move(parts[1]);
  if (parts.size() > 2) taken.options.manifest = std::move(parts[2]);
  taken.options.secret = "secret";
  return taken;
}

/// The bytes in pieces of `size` and then more each time.
AuditBytes in_pieces(const std::string& log, std::size_t size) {
  return [&log, size](const std::function<bool(std::string_view)>& take) {
    std::size_t step = size;
    for (std::size_t at = 0; at < log.size(); at += step, step = step * 2 + 1)
      if (!take(std::string_view(log).substr(at, step))) return;
  };
}

bool is_utf8(const std::vector<std::string>& texts) {
  return std::all_of(texts.begin(), texts.end(), [](const std::string& text) { return is_valid_utf8(text); });
}

/// A log with one bit of a byte changed, before its last line and not at a line end; "" when there is no such byte.
std::string with_a_change(const std::string& log, std::uint64_t where) {
  const std::size_t last = log.find_last_of('\n', log.size() - 2);
  if (log.size() < 2 || last == std::string::npos) return "";
  for (std::size_t i = 0; i < last; ++i) {
    const std::size_t at = (where + i) % last;
    if (is_ascii_space(log[at])) continue;  // a blank line may change and stay one
    std::string changed = log;
    changed[at] = static_cast<char>(changed[at] ^ 1);
    if (!is_ascii_space(changed[at])) return changed;
  }
  return "";
}

std::string broken_proof(const Input& input, std::uint64_t index) {
  AuditVerifyOptions options = input.options;
  options.prove = index;
  const auto result = verify_audit_bytes(in_pieces(input.log, 4096), options);
  const Json& proof = result.proofs.items().at(0);
  std::vector<Sha256Digest> path;
  const auto digest_of = [](const Json& text) {
    Sha256Digest digest{};
    const std::string bytes = base64_decode(text.text()).value();
    std::copy(bytes.begin(), bytes.end(), digest.begin());
    return digest;
  };
  for (const Json& item : proof.at("path").items()) path.push_back(digest_of(item));
  const bool holds = verify_inclusion(index, static_cast<std::uint64_t>(proof.at("tree_size").integer()),
                                      merkle_leaf(proof.at("entry").text()), path, digest_of(proof.at("root")));
  return holds ? "" : "the proof of an entry does not verify";
}

std::string broken_checkpoint(const std::string& note) {
  const auto read = parse_checkpoint(note);
  if (!read) return is_valid_utf8(read.error().message) ? "" : "the words for a bad checkpoint are not UTF-8";
  const std::string text = checkpoint_text(*read);
  if (note.compare(0, text.size(), text) != 0) return "a checkpoint is not written again as it was read";
  if (read->tree.root() != read->root) return "the subtrees of a checkpoint do not give its root";
  return "";
}

std::string broken(const Input& input) {
  if (input.options.checkpoint)
    if (auto wrong = broken_checkpoint(*input.options.checkpoint); !wrong.empty()) return wrong;
  const auto result = verify_audit_bytes(in_pieces(input.log, 1u << 20), input.options);
  const auto again = verify_audit_bytes(in_pieces(input.log, 1), input.options);
  if (result.verdict != again.verdict || result.errors != again.errors || result.num_entries != again.num_entries ||
      result.root != again.root || result.warnings != again.warnings || result.cannot_exclude != again.cannot_exclude)
    return "pieces of another size give another answer";
  if (!is_utf8(result.errors) || !is_utf8(result.warnings)) return "words that are not UTF-8";
  if ((result.verdict == AuditVerdict::intact) != result.errors.empty())
    return "a verdict without words, or words without one";
  if (!result.is_valid()) return "";
  if (result.cannot_exclude.empty()) return "nothing left open, without an anchor";
  const std::uint64_t where = result.root[0] + 256u * result.root[1];
  if (auto wrong = broken_proof(input, where % result.num_entries); !wrong.empty()) return wrong;
  const std::string changed = with_a_change(input.log, where);
  if (changed.empty()) return "";
  Input other{changed, input.options};
  other.options.checkpoint.reset();
  other.options.manifest.reset();
  if (verify_audit_bytes(in_pieces(other.log, 512), other.options).is_valid()) return "a changed byte is not found";
  return "";
}

}  // namespace

std::string broken_audit_log_promise(std::string_view input) try {
  return broken(taken_apart(input));
} catch (const std::exception& error) {
  return cat("an exception: ", error.what());
}

std::string with_fitting_chain(std::string_view log) {
  std::string out, head = "genesis";
  const auto set = [](std::string& line, std::string_view label, std::string_view value, std::string_view ends) {
    const std::size_t at = line.find(label);
    if (at == std::string::npos) return;
    const std::size_t start = at + label.size(), end = line.find_first_of(ends, start);
    if (end != std::string::npos) line.replace(start, end - start, value);
  };
  std::uint64_t number = 0;
  auto lines = split(log, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    std::string line = lines[i];
    set(line, "\"prev_hash\": \"", head, "\"");
    set(line, "\"seq\": ", std::to_string(number), ",}");
    if (!trim(line).empty()) {
      head = sha256_hex(line);
      ++number;
    }
    out += line;
    if (i + 1 < lines.size()) out += '\n';
  }
  return out;
}

}  // namespace forgelm::test
