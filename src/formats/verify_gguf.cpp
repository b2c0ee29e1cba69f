#include "forgelm/formats/verify_gguf.hpp"

#include <algorithm>

#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/mapped_file.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/formats/gguf.hpp"

namespace forgelm::formats {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMaxSidecarBytes = std::uint64_t{1} << 20;  // one line; more is not looked at
constexpr std::size_t kSidecarPrefix = 4096;

bool is_digest(std::string_view text) { return text.size() == 64 && hex_decode(text).has_value(); }

void read_metadata(std::string_view bytes, GgufReport& report) {
  const Result<GgufHeader> header = parse_gguf_header(bytes);
  report.is_parsed = header.ok();
  if (!header) {
    report.metadata_error = header.error().message;
    return;
  }
  report.num_tensors = header->tensors.size();
  report.num_metadata = header->metadata.size();
  report.version = header->version;
}

/// Empty, or the reason why the file is not what its sidecar says.
std::string compare_with_sidecar(const fs::path& path, std::string_view bytes, GgufReport& report) {
  fs::path sidecar = path;
  sidecar += ".sha256";
  std::error_code error;
  if (!fs::is_regular_file(sidecar, error)) return {};
  report.has_sidecar = true;
  report.sha256_actual = sha256_hex(bytes);
  std::string text =
      fs::file_size(sidecar, error) > kMaxSidecarBytes ? std::string() : read_file(sidecar, kMaxSidecarBytes);
  if (!is_valid_utf8(text)) throw ConfigError(cat("GGUF SHA-256 sidecar ", sidecar.native(), " is not valid UTF-8"));
  const std::string_view line = trim(std::string_view(text).substr(0, kSidecarPrefix));
  const std::string_view word =
      line.substr(0, static_cast<std::size_t>(std::find_if(line.begin(), line.end(), is_ascii_space) - line.begin()));
  report.sha256_expected = word;
  report.is_sidecar_right = is_digest(word) && equals_ignoring_ascii_case(word, report.sha256_actual);
  if (!is_digest(word))
    return cat("Malformed SHA-256 sidecar: expected a 64-character hex digest, got ", quote(line, 64),
               ". Regenerate the sidecar (sha256sum model.gguf > model.gguf.sha256) or remove it to skip the check.");
  if (!*report.is_sidecar_right)
    return cat("SHA-256 sidecar mismatch: the file was modified after export. Expected ", word.substr(0, 16),
               "..., got ", report.sha256_actual.substr(0, 16), "....");
  return {};
}

}  // namespace

ExitCode GgufReport::exit_code() const noexcept {
  if (is_valid) return ExitCode::ok;
  if (!has_magic) return ExitCode::config_error;
  if (has_sidecar && (!is_digest(sha256_expected) || is_sidecar_right == true)) return ExitCode::config_error;
  return ExitCode::integrity_failure;
}

GgufReport verify_gguf(const fs::path& path) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (!fs::is_regular_file(status))
    throw ConfigError(cat("GGUF file not found or not a regular file: ", path.native()));
  const MappedFile file = MappedFile::open(path);
  GgufReport report;
  report.has_magic = has_gguf_magic(file.bytes());
  if (!report.has_magic) {
    report.reason = cat("Magic header mismatch: expected \"GGUF\", got ", quote(file.bytes().substr(0, 4)),
                        ". Not a GGUF file or corrupted.");
    return report;
  }
  read_metadata(file.bytes(), report);
  report.reason = compare_with_sidecar(path, file.bytes(), report);
  if (!report.reason.empty()) return report;
  if (!report.is_parsed) {
    report.reason =
        cat("GGUF metadata block could not be parsed: ", report.metadata_error, ". ",
            report.has_sidecar ? "The SHA-256 sidecar matches, so the file is byte-identical to what was "
                                 "exported; it is of a form that is not read here."
                               : "No SHA-256 sidecar was available to rule out corruption, so the file must "
                                 "be treated as truncated or damaged.");
    return report;
  }
  report.is_valid = true;
  report.reason = cat("GGUF magic OK, metadata parsed", report.has_sidecar ? ", SHA-256 sidecar match" : "");
  return report;
}

}  // namespace forgelm::formats
