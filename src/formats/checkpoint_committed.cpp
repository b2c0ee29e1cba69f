#include "checkpoint_committed.hpp"

#include <algorithm>

#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/checkpoint_folder.hpp"

namespace forgelm::formats::checkpoint {
namespace {

constexpr std::int64_t kFormatVersion = 1;
constexpr JsonLimits kLimits = {.max_bytes = kMaxCommittedBytes, .max_depth = 32};

std::string digest_of(const Json& document) { return sha256_hex(dump(document, {.compact = true})); }

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// What is wrong with a name; empty when nothing is.
std::string_view fault_of_name(std::string_view name) {
  if (name == kCommittedFile) return "lists itself";
  if (name.empty() || name.front() == '/') return "is not a relative path";
  if (name.find('\0') != std::string_view::npos) return "holds a null character";
  for (const std::string& part : split(name, '/'))
    if (part.empty() || part == "." || part == "..") return "is not a plain path inside the checkpoint";
  return "";
}

CommittedFile parse_file(const Json& entry) {
  if (entry.members().size() != 3) throw RunError(RunErrorKind::data, "an entry of files has unknown members");
  CommittedFile file{entry.at("file").text(), entry.at("size_bytes").integer(), entry.at("sha256").text()};
  if (const auto fault = fault_of_name(file.file); !fault.empty())
    throw RunError(RunErrorKind::data, cat("the name ", quote(file.file), " ", fault));
  if (file.size_bytes < 0 || !is_sha256(file.sha256))
    throw RunError(RunErrorKind::data, cat("the size or the SHA-256 of ", quote(file.file), " is none"));
  return file;
}

Committed parse_document(Json document) {
  const Json version = document.at("format_version");
  if (version != Json(kFormatVersion))
    throw RunError(RunErrorKind::data, cat("format_version is ", dump(version), "; this build reads ", kFormatVersion));
  auto& members = document.members();
  if (members.back().first != "sha256") throw RunError(RunErrorKind::data, "it does not end with its own sha256");
  const std::string digest = members.back().second.text();
  members.pop_back();
  if (digest_of(document) != digest)
    throw RunError(RunErrorKind::data, "it is not what was written: its own sha256 is another");
  if (members.size() != 4) throw RunError(RunErrorKind::data, "it has unknown members");
  Committed committed{document.at("step").integer(), document.at("about"), {}};
  static_cast<void>(committed.about.members());
  if (committed.step < 0) throw RunError(RunErrorKind::data, "step is negative");
  for (const Json& entry : document.at("files").items()) committed.files.push_back(parse_file(entry));
  const auto is_unordered = [](const CommittedFile& a, const CommittedFile& b) { return a.file >= b.file; };
  if (std::adjacent_find(committed.files.begin(), committed.files.end(), is_unordered) != committed.files.end())
    throw RunError(RunErrorKind::data, "its files are not in order, each once");
  return committed;
}

}  // namespace

std::string dump_committed(const Committed& committed) {
  Json files = Json::array();
  for (const CommittedFile& file : committed.files)
    files.push(Json::object({{"file", file.file}, {"size_bytes", file.size_bytes}, {"sha256", file.sha256}}));
  Json document = Json::object({{"format_version", kFormatVersion},
                                {"step", committed.step},
                                {"about", committed.about},
                                {"files", std::move(files)}});
  const std::string digest = digest_of(document);
  std::string text = dump(document.set("sha256", digest), {.indent = 2}) + "\n";
  const auto read_back = parse_committed(text);
  if (!read_back || read_back->step != committed.step || read_back->files != committed.files)
    throw RunError(RunErrorKind::internal, cat("the list of a checkpoint's files cannot be read back: ",
                                               read_back ? "a name or number changed" : read_back.error().message));
  return text;
}

Result<Committed> parse_committed(std::string_view text) try {
  auto document = parse_json(text, kLimits);
  if (!document) return document.error();
  return parse_document(std::move(document).value());
} catch (const RunError& error) {
  return Failure{error.what()};
}

}  // namespace forgelm::formats::checkpoint
