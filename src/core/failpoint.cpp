#include "forgelm/core/failpoint.hpp"

#include <unistd.h>

#include <charconv>
#include <csignal>
#include <cstdlib>
#include <mutex>
#include <optional>
#include <system_error>

#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::failpoint {
namespace detail {
std::atomic<bool> is_active{false};
}  // namespace detail

namespace {

struct Armed {
  Action action = Action::kill;
  int error_number = 0;
  int passages_left = 1;  ///< fires when this reaches 0
  bool keeps_firing = false;
};

struct State {
  std::mutex mutex;
  std::array<std::optional<Armed>, kNames.size()> armed;
  std::array<std::size_t, kNames.size()> passages{};
  bool is_counting = false;
};

State& state() {
  static State instance;
  return instance;
}

std::optional<std::size_t> index_of(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i] == name) return i;
  return std::nullopt;
}

std::size_t require_index(std::string_view name) {
  if (const auto index = index_of(name)) return *index;
  throw RunError(RunErrorKind::internal, cat("there is no failpoint ", quote(name)));
}

/// "kill@3+" as an armed state.
Armed parse_armed(std::string_view entry, std::string_view spec) {
  const auto refuse = [entry](std::string_view why) {
    return ConfigError(cat("FORGELM_FAILPOINTS: ", quote(entry), ": ", why), "write NAME=ACTION[@N][+]");
  };
  Armed armed;
  if (!spec.empty() && spec.back() == '+') {
    armed.keeps_firing = true;
    spec.remove_suffix(1);
  }
  const std::size_t at = spec.find('@');
  const std::string action(spec.substr(0, at));
  if (at != std::string_view::npos) {
    const std::string_view number = spec.substr(at + 1);
    int nth = 0;
    const auto parsed = std::from_chars(number.data(), number.data() + number.size(), nth);
    if (parsed.ec != std::errc() || parsed.ptr != number.data() + number.size() || nth < 1)
      throw refuse("the passage after '@' is not a number from 1");
    armed.passages_left = nth;
  }
  if (action == "kill") {
    armed.action = Action::kill;
  } else if (action == "short") {
    armed.action = Action::short_write;
  } else if (const auto error_number = errno_from_name(action)) {
    armed.action = Action::error;
    armed.error_number = *error_number;
  } else {
    throw refuse("the action is not kill, short or the name of an errno");
  }
  return armed;
}

}  // namespace

namespace detail {

Hit reach_active(Point where) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  if (all.is_counting) ++all.passages[where.index];
  auto& armed = all.armed[where.index];
  if (!armed || (armed->passages_left > 1 && armed->passages_left-- > 1)) return {};
  const Armed fired = *armed;
  if (!fired.keeps_firing) armed.reset();
  switch (fired.action) {
    case Action::kill: ::kill(::getpid(), SIGKILL); break;
    case Action::error: return {.error_number = fired.error_number};
    case Action::short_write: return {.is_short_write = true};
  }
  return {};
}

}  // namespace detail

void arm(std::string_view name, Action action, int error_number, int nth, bool keeps_firing) {
  const std::size_t index = require_index(name);
  State& all = state();
  const std::lock_guard lock(all.mutex);
  all.armed[index] = Armed{action, error_number, nth, keeps_firing};
  detail::is_active.store(true, std::memory_order_relaxed);
}

void arm_from_text(std::string_view text) {
  for (const std::string& entry : split(text, ';')) {
    if (trim(entry).empty()) continue;
    const std::size_t equals = entry.find('=');
    const std::string_view name = trim(std::string_view(entry).substr(0, equals));
    if (equals == std::string::npos || !index_of(name))
      throw ConfigError(
          cat("FORGELM_FAILPOINTS: ", quote(entry), " does not start with the name of a failpoint and '='"),
          cat("the names are ", join(kNames, ", ")));
    const Armed armed = parse_armed(entry, trim(std::string_view(entry).substr(equals + 1)));
    arm(name, armed.action, armed.error_number, armed.passages_left, armed.keeps_firing);
  }
}

void arm_from_environment() {
  if (const char* text = std::getenv("FORGELM_FAILPOINTS")) arm_from_text(text);
}

void disarm_all() {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  all.armed.fill(std::nullopt);
  all.is_counting = false;
  detail::is_active.store(false, std::memory_order_relaxed);
}

void count_passages(bool is_on) {
  State& all = state();
  const std::lock_guard lock(all.mutex);
  if (is_on) {
    all.passages.fill(0);
    detail::is_active.store(true, std::memory_order_relaxed);
  }
  all.is_counting = is_on;
}

std::size_t num_passages(std::string_view name) {
  const std::size_t index = require_index(name);
  State& all = state();
  const std::lock_guard lock(all.mutex);
  return all.passages[index];
}

std::vector<std::string_view> names(std::string_view prefix) {
  std::vector<std::string_view> found;
  for (const auto name : kNames)
    if (name.substr(0, prefix.size()) == prefix) found.push_back(name);
  return found;
}

}  // namespace forgelm::failpoint
