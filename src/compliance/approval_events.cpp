#include "approval_events.hpp"

#include <algorithm>
#include <system_error>

#include "forgelm/core/json_members.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRequired = "human_approval.required";
constexpr std::string_view kGranted = "human_approval.granted";
constexpr std::string_view kRejected = "human_approval.rejected";

}  // namespace

bool is_request(std::string_view event) noexcept { return event == kRequired; }
bool is_decision(std::string_view event) noexcept { return event == kGranted || event == kRejected; }

ApprovalEvents read_approval_events(std::string_view log) {
  ApprovalEvents out;
  const auto note_bad = [&](std::size_t line, const std::string& why) {
    if (out.first_bad_line.empty()) out.first_bad_line = cat("line ", line, ": ", why);
  };
  std::size_t number = 0;
  while (!log.empty()) {
    const std::size_t end = log.find('\n');
    const std::string_view line = log.substr(0, end);
    log.remove_prefix(end == std::string_view::npos ? log.size() : end + 1);
    ++number;
    if (trim(line).empty()) continue;
    auto parsed = parse_json(line);
    if (!parsed) {
      note_bad(number, parsed.error().message);
      continue;
    }
    if (parsed->kind() != Json::Kind::object) {
      note_bad(number, cat("it is ", to_string(parsed->kind()), ", not an object"));
      continue;
    }
    ApprovalEvent event{number, text_at(*parsed, "run_id"), text_at(*parsed, "event"), Json()};
    if (event.run_id.empty() || (!is_request(event.name) && !is_decision(event.name))) continue;
    event.entry = std::move(parsed).value();
    out.events.push_back(std::move(event));
  }
  return out;
}

const ApprovalEvent* ApprovalEvents::last_request(std::string_view run_id) const {
  const auto found = std::find_if(events.rbegin(), events.rend(), [&](const ApprovalEvent& event) {
    return event.run_id == run_id && is_request(event.name);
  });
  return found == events.rend() ? nullptr : &*found;
}

const ApprovalEvent* ApprovalEvents::decision(std::string_view run_id) const {
  const ApprovalEvent* request = last_request(run_id);
  const auto found = std::find_if(events.rbegin(), events.rend(), [&](const ApprovalEvent& event) {
    return event.run_id == run_id && is_decision(event.name);
  });
  if (found == events.rend()) return nullptr;
  return request == nullptr || found->line > request->line ? &*found : nullptr;
}

std::optional<fs::path> staging_inside(const fs::path& run_folder, const Json& request) {
  const std::string text = text_at(request, "staging_path");
  if (text.empty() || text.find('\0') != std::string::npos) return std::nullopt;
  std::error_code error;
  const fs::path folder = fs::weakly_canonical(run_folder, error);
  if (error) return std::nullopt;
  const fs::path staging = fs::weakly_canonical(text, error);
  if (error) return std::nullopt;
  const auto [at, rest] = std::mismatch(folder.begin(), folder.end(), staging.begin(), staging.end());
  // A folder that ends with a slash has an empty last component.
  const bool is_inside = at == folder.end() || (std::next(at) == folder.end() && at->empty());
  return is_inside && rest != staging.end() ? std::optional<fs::path>(text) : std::nullopt;
}

}  // namespace forgelm::compliance
