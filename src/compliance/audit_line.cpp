#include "audit_line.hpp"

#include "forgelm/compliance/audit_events.hpp"
#include "forgelm/core/json_members.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::string_view kTagStart = ", \"_hmac\": \"";
constexpr std::size_t kTagDigits = 64;
constexpr JsonLimits kLimits{.max_bytes = kMaxAuditLineBytes, .max_depth = 200};

/// The surrogate that the escape at `at` stands for, or 0.
unsigned surrogate_at(std::string_view line, std::size_t at) {
  if (at + 6 > line.size() || line[at] != '\\' || line[at + 1] != 'u') return 0;
  unsigned unit = 0;
  for (std::size_t i = at + 2; i < at + 6; ++i) {
    const char c = ascii_lower(line[i]);
    if (is_ascii_digit(c)) unit = unit * 16 + static_cast<unsigned>(c - '0');
    else if (c >= 'a' && c <= 'f') unit = unit * 16 + static_cast<unsigned>(c - 'a' + 10);
    else return 0;
  }
  return unit >= 0xD800 && unit <= 0xDFFF ? unit : 0;
}

/// The line with \ufffd for each surrogate escape that has no partner.
std::string without_lone_surrogates(std::string_view line) {
  std::string out(line);
  for (std::size_t at = 0; at + 1 < out.size();) {
    if (out[at] != '\\') {
      ++at;
      continue;
    }
    const unsigned unit = surrogate_at(out, at);
    if (unit == 0) {
      at += 2;  // any other escape; of \uXXXX the digits are no backslashes
    } else if (unit < 0xDC00 && surrogate_at(out, at + 6) >= 0xDC00) {
      at += 12;
    } else {
      out.replace(at, 6, "\\ufffd");
      at += 6;
    }
  }
  return out;
}

}  // namespace

Result<AuditLine> parse_audit_line(std::string_view line) {
  auto entry = parse_json(line, kLimits);
  if (!entry && line.find("\\u") != std::string_view::npos) {
    if (auto mended = parse_json(without_lone_surrogates(line), kLimits)) entry = std::move(mended);
  }
  if (!entry) return Failure{cat("is not valid JSON: ", entry.error().message)};
  if (entry->kind() != Json::Kind::object) return Failure{"is not a JSON object"};
  AuditLine read;
  read.entry = std::move(*entry);
  read.prev_hash = text_at(read.entry, "prev_hash");
  read.run_id = text_at(read.entry, "run_id");
  read.event = text_at(read.entry, "event");
  if (read.entry.find("_hmac") != nullptr) read.hmac = text_at(read.entry, "_hmac");
  const Json* seq = read.entry.find("seq");
  if (seq != nullptr && seq->kind() == Json::Kind::integer) read.seq = seq->integer();
  return read;
}

bool is_about_the_log(std::string_view event) noexcept {
  return event == audit_event("audit.recovered") || event == audit_event("audit.checkpoint_adopted") ||
         event == audit_event("audit.rerooted");
}

std::optional<std::string> signed_text(std::string_view line) {
  constexpr std::string_view kEnd = "\"}";
  const std::size_t size = kTagStart.size() + kTagDigits + kEnd.size();
  if (line.size() < size || !line.ends_with(kEnd)) return std::nullopt;
  const std::size_t start = line.size() - size;
  if (line.substr(start, kTagStart.size()) != kTagStart) return std::nullopt;
  return cat(line.substr(0, start), "}");
}

}  // namespace forgelm::compliance
