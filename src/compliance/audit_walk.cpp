#include "audit_walk.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

constexpr std::size_t kMaxFindings = 10;
constexpr std::size_t kMaxWarnings = 100;
constexpr std::size_t kMaxRuns = 10000;  // of which tags are counted apart
constexpr std::size_t kShown = 80;

bool is_written_by_a_writer(char c) { return c >= 0x20 && c < 0x7F; }

}  // namespace

void AuditWalk::find(std::uint64_t line, AuditVerdict verdict, std::string message) {
  if (findings.size() < kMaxFindings) findings.push_back({verdict, std::move(message), line});
}

void AuditWalk::warn(std::string message) {
  if (warnings.size() < kMaxWarnings) warnings.push_back(std::move(message));
  else if (warnings.size() == kMaxWarnings) warnings.push_back("there is more, which is not listed");
}

bool AuditWalk::add(std::string_view bytes) {
  const bool goes_on = splitter_.add(bytes, [this](std::string_view line) {
    if (trim(line).empty()) ++num_blank_;
    else take(line);
    size_bytes += line.size() + 1;
    return true;
  });
  if (!goes_on)
    find(num_lines + 1, AuditVerdict::rewritten,
         cat("line ", num_lines + 1, " is longer than ", kMaxAuditLineBytes, " bytes, which no record is"));
  return goes_on;
}

bool AuditWalk::check_text(std::string_view line) {
  const auto bad = std::find_if_not(line.begin(), line.end(), is_written_by_a_writer);
  if (bad == line.end()) return true;
  if (!is_valid_utf8(line)) {
    find(num_lines, AuditVerdict::rewritten, cat("line ", num_lines, ": audit log is not valid UTF-8"));
  } else {
    find(num_lines, AuditVerdict::rewritten,
         cat("line ", num_lines, " holds the byte 0x", hex_encode(std::string_view(&*bad, 1)), " at its place ",
             (bad - line.begin()) + 1, ", which no writer of this format writes"));
  }
  return false;
}

void AuditWalk::take(std::string_view line) {
  ++num_lines;
  if (is_unreadable_) return;
  const auto read = check_text(line) ? parse_audit_line(line) : Result<AuditLine>(Failure{});
  if (!read) {
    is_unreadable_ = true;
    if (!read.error().message.empty())
      find(num_lines, AuditVerdict::rewritten, cat("line ", num_lines, " ", read.error().message));
    return;
  }
  const std::string digest = sha256_hex(line);
  if (read->prev_hash != head) {
    break_ = Break{num_lines, read->prev_hash, digest};
    is_unreadable_ = true;
    return;
  }
  if (read->seq && *read->seq != static_cast<std::int64_t>(tree.size()))
    find(num_lines, AuditVerdict::rewritten,
         cat("line ", num_lines, ": it says that it is entry ", *read->seq, ", and is entry ", tree.size()));
  check_tag(line, *read);
  check_time(*read);
  if (first_line_sha256.empty()) {
    first_line_sha256 = digest;
    first_run_id = read->run_id;
  }
  if (is_about_the_log(read->event))
    warn(cat("line ", num_lines, ": ", read->event, ": ", prefix_code_points(dump(read->entry), 400)));
  head = digest;
  const Sha256Digest leaf = merkle_leaf(line);
  tree.add(leaf);
  if (on_entry) on_entry(tree.size(), size_bytes + line.size() + 1, leaf);
}

void AuditWalk::check_tag(std::string_view line, const AuditLine& read) {
  if (!read.hmac) {
    ++num_untagged;
    if (options_.secret && options_.requires_tags)
      find(num_lines, AuditVerdict::rewritten, cat("line ", num_lines, " lacks _hmac field but --require-hmac is set"));
    return;
  }
  ++num_tagged;
  if (!options_.secret) return;
  const auto text = signed_text(line);
  bool is_good = false;
  if (read.run_id.empty())
    find(num_lines, AuditVerdict::rewritten,
         cat("line ", num_lines, " has _hmac but no run_id, so that its key is unknown"));
  else is_good = text && equal_in_constant_time(audit_hmac(*options_.secret, read.run_id, *text), *read.hmac);
  auto run = runs_.find(read.run_id);
  if (run == runs_.end()) run = runs_.emplace(runs_.size() < kMaxRuns ? read.run_id : "", RunTags{}).first;
  ++(is_good ? run->second.num_good : run->second.num_bad);
  if (!is_good && run->second.first_bad == 0) run->second.first_bad = num_lines;
  has_bad_tag = has_bad_tag || !is_good;
}

void AuditWalk::check_time(const AuditLine& read) {
  const Json* value = read.entry.find("timestamp");
  if (value == nullptr || value->kind() != Json::Kind::text) return;
  const auto time = parse_iso_time(value->text());
  if (time && last_time_ && *time < *last_time_ && !has_warned_of_time_) {
    has_warned_of_time_ = true;
    warn(cat("line ", num_lines, ": the clock went back, to ", quote(value->text(), kShown)));
  }
  if (time) last_time_ = time;
}

void AuditWalk::report_tags() {
  // A run whose tags all fail was written under another secret, or by someone without it; one where some hold and some
  // fail was changed.
  std::uint64_t first_bad = 0;
  bool is_mixed = false;
  std::string first_run;
  for (const auto& [run_id, tags] : runs_) {
    if (tags.num_bad == 0) continue;
    is_mixed = is_mixed || tags.num_good > 0;
    if (first_bad == 0 || tags.first_bad < first_bad) {
      first_bad = tags.first_bad;
      first_run = run_id;
    }
  }
  if (first_bad == 0) return;
  find(first_bad, is_mixed ? AuditVerdict::rewritten : AuditVerdict::wrong_key,
       cat("line ", first_bad, ": HMAC mismatch"));
  if (!is_mixed)
    warn(cat("no tag of run ", quote(first_run, kShown),
             " fits the secret: the run had another one, or who wrote these entries had none"));
}

void AuditWalk::finish() {
  if (!splitter_.rest().empty() && !splitter_.is_too_long())
    find(num_lines + 1, AuditVerdict::torn_tail,
         cat("line ", num_lines + 1, ": the last ", splitter_.rest().size(), " bytes have no line end"));
  if (num_blank_ > 0) warn(cat(num_blank_, " blank lines, which no writer writes"));
  report_tags();
}

}  // namespace forgelm::compliance
