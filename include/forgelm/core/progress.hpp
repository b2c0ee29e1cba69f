// Progress of a long piece of work: `train  120/500 [=====>     ]  24%  3.2 step/s  ETA 1:58  loss 1.23`.
// On a terminal one line at the bottom of stderr, redrawn at most ten times a second, with log lines above it;
// elsewhere an INFO log line every ten seconds. Rate and remaining time come from a monotonic clock, so that a changed
// wall clock cannot make them negative.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace forgelm {

struct ProgressOptions {
  std::string label;          ///< "train", "download model.safetensors"
  std::string unit = "step";  ///< singular, for the rate: "step/s"
  std::int64_t total = 0;     ///< 0: unknown; then no bar, percentage and remaining time
  std::int64_t start = 0;     ///< where a resumed run begins; does not count towards the rate
  bool is_bytes = false;      ///< counts are bytes: shown as KiB, MiB, GiB
};

/// A value shown beside the counters, e.g. {"loss", "1.2345"}.
struct ProgressField {
  std::string name;
  std::string value;
};

/// Where progress goes. The default is stderr and the log; tests give their own.
class ProgressOutput {
 public:
  virtual ~ProgressOutput() = default;
  virtual bool is_live() const = 0;              ///< true: show() redraws one line; false: log() every ten seconds
  virtual int width() const = 0;                 ///< columns, asked at each redraw (windows are resized)
  virtual void show(std::string_view line) = 0;  ///< replaces the live line; empty removes it
  virtual void keep(std::string_view line) = 0;  ///< a line that stays, with its line break
  virtual void log(std::string_view line) = 0;
  virtual std::chrono::steady_clock::time_point now() const = 0;
};

/// stderr: live when it is a terminal whose TERM is not "dumb".
std::unique_ptr<ProgressOutput> stderr_progress_output();

/// Makes progress made from here on silent (--quiet).
void set_progress_quiet(bool is_quiet) noexcept;

/// Several threads may call all functions; one reporter at a time should be live. The destructor finishes.
class Progress {
 public:
  explicit Progress(ProgressOptions options, std::unique_ptr<ProgressOutput> output = nullptr);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// The work stands at `done` (as `total` counts); shows it if it is time to. Fields keep their last value.
  void update(std::int64_t done, const std::vector<ProgressField>& fields = {});
  /// Adds to what is done.
  void advance(std::int64_t amount = 1);
  /// Leaves one last line with the final state and no live line behind. Later calls do nothing.
  void finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// "1:58", "2:03:11"; for 100 hours and more "4 d 04 h". Negative counts as 0.
std::string format_duration(std::chrono::seconds duration);
/// "512 B", "1.5 KiB", "3.2 GiB".
std::string format_bytes(std::int64_t num_bytes);

}  // namespace forgelm
