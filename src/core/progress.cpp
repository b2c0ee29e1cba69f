// The rate is an average that forgets with a time constant of 15 s: steady enough to read, quick enough to follow a
// changed batch size. It is updated at each line shown, not at each update, which keeps update() to a few stores.
#include "forgelm/core/progress.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <mutex>
#include <utility>

#include "forgelm/core/log.hpp"
#include "forgelm/core/redact.hpp"
#include "forgelm/core/terminal.hpp"
#include "forgelm/core/text.hpp"
#include "stderr_writer.hpp"

namespace forgelm {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kRedrawInterval = std::chrono::milliseconds(100);
constexpr auto kLogInterval = std::chrono::seconds(10);
constexpr double kRateMemorySeconds = 15.0;
constexpr int kMaxBarColumns = 30;
constexpr int kMinBarColumns = 5;
constexpr Logger logger("forgelm.progress");

std::atomic<bool> quiet{false};

class StderrOutput : public ProgressOutput {
 public:
  StderrOutput() : is_live_(is_terminal(2) && !is_dumb()) {}
  bool is_live() const override { return is_live_; }
  int width() const override { return terminal_width(2); }
  void show(std::string_view line) override { stderr_writer().set_status(line); }
  void keep(std::string_view line) override { stderr_writer().write_line(line); }
  void log(std::string_view line) override { logger.info(line); }
  Clock::time_point now() const override { return Clock::now(); }

 private:
  static bool is_dumb() {
    const char* term = std::getenv("TERM");
    return term == nullptr || std::string_view(term) == "dumb";
  }
  bool is_live_;
};

std::string format_fixed(double value, int decimals) {
  char buffer[64];  // to_chars and not printf: the locale must not choose the decimal point
  const auto [end, error] = std::to_chars(buffer, buffer + sizeof buffer, value, std::chars_format::fixed, decimals);
  return error == std::errc() ? std::string(buffer, end) : "?";
}

/// Three significant digits, without exponent for what rates are.
std::string format_rate(double per_second) {
  return format_fixed(per_second, per_second < 10 ? 2 : per_second < 100 ? 1 : 0);
}

std::string bar_of(double share, int columns) {
  const int filled = std::clamp(static_cast<int>(share * columns), 0, columns);
  std::string bar(static_cast<std::size_t>(filled), '=');
  if (filled < columns) bar += '>';
  bar.resize(static_cast<std::size_t>(columns), ' ');
  return cat("[", bar, "]");
}

}  // namespace

struct Progress::State {
  ProgressOptions options;
  std::unique_ptr<ProgressOutput> output;
  std::mutex mutex;
  std::int64_t done = 0;
  std::vector<ProgressField> fields;
  bool is_finished = false;
  Clock::time_point begin;
  Clock::time_point last_shown;
  std::int64_t last_done = 0;  // at last_shown
  double rate = -1;            // per second; negative: not known yet

  void update_rate(Clock::time_point now) {
    const double seconds = std::chrono::duration<double>(now - last_shown).count();
    if (seconds <= 0) return;
    const double current = static_cast<double>(done - last_done) / seconds;
    const double weight = rate < 0 ? 1.0 : 1.0 - std::exp(-seconds / kRateMemorySeconds);
    if (rate >= 0 || current > 0) rate = std::max(0.0, std::max(rate, 0.0) * (1 - weight) + current * weight);
    last_shown = now;
    last_done = done;
  }

  void maybe_show() {
    const auto now = output->now();
    if (now - last_shown < (output->is_live() ? Clock::duration(kRedrawInterval) : Clock::duration(kLogInterval)))
      return;
    update_rate(now);
    if (output->is_live()) output->show(live_line(now, false));
    else output->log(plain_line(now, false));
  }

  std::string count_text(std::int64_t count) const { return options.is_bytes ? format_bytes(count) : cat(count); }
  bool has_total() const { return options.total > 0; }
  double share() const { return std::clamp(static_cast<double>(done) / static_cast<double>(options.total), 0.0, 1.0); }
  std::string percentage() const { return cat(static_cast<int>(share() * 100), "%"); }

  std::string rate_text(double per_second) const {
    if (per_second < 0) return {};
    if (options.is_bytes) return format_bytes(static_cast<std::int64_t>(per_second)) + "/s";
    if (per_second > 0 && per_second < 0.1) return cat(format_rate(1 / per_second), " s/", options.unit);
    return cat(format_rate(per_second), " ", options.unit, "/s");
  }

  /// The parts after the bar, most wanted first: rate, time, then the caller's fields.
  std::vector<std::string> details(Clock::time_point now, bool is_last) const {
    std::vector<std::string> parts;
    const auto elapsed = std::chrono::duration_cast<std::chrono::seconds>(now - begin);
    const double seconds = std::chrono::duration<double>(now - begin).count();
    const double average = seconds > 0 ? static_cast<double>(done - options.start) / seconds : -1;
    if (std::string text = rate_text(is_last ? std::max(average, -1.0) : rate); !text.empty()) parts.push_back(text);
    if (is_last) parts.push_back(cat("in ", format_duration(elapsed)));
    else if (has_total() && rate > 0) parts.push_back(cat("ETA ", format_duration(remaining())));
    for (const ProgressField& field : fields) parts.push_back(cat(field.name, " ", field.value));
    return parts;
  }

  std::chrono::seconds remaining() const {
    const double seconds = static_cast<double>(std::max<std::int64_t>(0, options.total - done)) / rate;
    return std::chrono::seconds(static_cast<std::int64_t>(std::min(std::ceil(seconds), 1e9)));
  }

  std::string plain_line(Clock::time_point now, bool is_last) const {
    std::string line = cat(options.label, ": ", count_text(done));
    if (has_total()) line += cat("/", count_text(options.total), " (", percentage(), ")");
    for (const std::string& part : details(now, is_last)) line += ", " + part;
    return line;
  }

  /// Fits into the width less one column (a full line would wrap on some terminals): what does not fit is left out from
  /// the end, the bar takes what is left over, and only then the label is cut.
  std::string live_line(Clock::time_point now, bool is_last) const {
    const int width = std::max(1, output->width() - 1);
    std::string counts = count_text(done);
    if (has_total()) counts += "/" + count_text(options.total);
    const std::string percent = has_total() ? " " + percentage() : "";
    std::string tail;
    int room = width - display_width(options.label) - 2 - display_width(counts) - display_width(percent);
    for (const std::string& part : details(now, is_last)) {
      const int columns = display_width(part) + 2;
      if (columns > room) break;
      room -= columns;
      tail += "  " + part;
    }
    std::string bar;
    if (has_total() && !is_last && room >= kMinBarColumns + 3)
      bar = " " + bar_of(share(), std::min(kMaxBarColumns, room - 3));
    const std::string line = escape_for_line(redact(cat(options.label, "  ", counts, bar, percent, tail)));
    return std::string(fit_width(line, width));
  }
};

Progress::Progress(ProgressOptions options, std::unique_ptr<ProgressOutput> output) {
  if (quiet) return;
  state_ = std::make_unique<State>();
  state_->output = output ? std::move(output) : stderr_progress_output();
  state_->begin = state_->last_shown = state_->output->now();
  state_->done = state_->last_done = options.start;
  state_->options = std::move(options);
}

Progress::~Progress() {
  try {
    finish();
  } catch (...) {  // a progress line is not worth a terminate
  }
}

void Progress::update(std::int64_t done, const std::vector<ProgressField>& fields) {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  if (state_->is_finished) return;
  state_->done = done;
  for (const ProgressField& field : fields) {
    auto& known = state_->fields;
    const auto same = std::find_if(known.begin(), known.end(), [&](const auto& f) { return f.name == field.name; });
    if (same == known.end()) known.push_back(field);
    else same->value = field.value;
  }
  state_->maybe_show();
}

void Progress::advance(std::int64_t amount) {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  if (state_->is_finished) return;
  state_->done += amount;
  state_->maybe_show();
}

void Progress::finish() {
  if (!state_) return;
  const std::lock_guard lock(state_->mutex);
  if (std::exchange(state_->is_finished, true)) return;
  const auto now = state_->output->now();
  if (!state_->output->is_live()) return state_->output->log(state_->plain_line(now, true));
  const std::string line = state_->live_line(now, true);
  state_->output->show("");
  state_->output->keep(line);
}

std::unique_ptr<ProgressOutput> stderr_progress_output() { return std::make_unique<StderrOutput>(); }

void set_progress_quiet(bool is_quiet) noexcept { quiet = is_quiet; }

std::string format_duration(std::chrono::seconds duration) {
  const std::int64_t total = std::max<std::int64_t>(0, duration.count());
  const std::int64_t hours = total / 3600;
  const auto two = [](std::int64_t n) { return n < 10 ? cat("0", n) : cat(n); };
  if (hours >= 100) return cat(hours / 24, " d ", two(hours % 24), " h");
  if (hours > 0) return cat(hours, ":", two(total / 60 % 60), ":", two(total % 60));
  return cat(total / 60, ":", two(total % 60));
}

std::string format_bytes(std::int64_t num_bytes) {
  constexpr std::array<const char*, 5> kUnits = {" KiB", " MiB", " GiB", " TiB", " PiB"};
  if (num_bytes < 1024) return cat(num_bytes, " B");
  double value = static_cast<double>(num_bytes) / 1024;
  std::size_t unit = 0;
  // 1023.95 would be rounded to "1024.0"
  while (value >= 1023.95 && unit + 1 < kUnits.size()) value /= 1024, ++unit;
  return format_fixed(value, 1) + kUnits[unit];
}

}  // namespace forgelm
