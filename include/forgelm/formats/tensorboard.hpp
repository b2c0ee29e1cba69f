// TensorBoard event files: a TFRecord (length, masked CRC-32C of it, bytes, masked CRC-32C of them) for each event, an
// Event of protocol buffers in it. Oracle: tensorboard's EventAccumulator reads back equal scalars and texts.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace forgelm::formats {

/// Appends to FOLDER/events.out.tfevents.<seconds>.<host>.<pid>.<number>, made by the constructor. Not thread-safe.
class EventWriter {
 public:
  explicit EventWriter(const std::filesystem::path& folder);
  EventWriter(EventWriter&&) noexcept;
  EventWriter& operator=(EventWriter&&) noexcept;
  ~EventWriter();

  /// Wall times are environment().utc_now(). RunError(io, out_of_disk) when the file cannot take it.
  void add_scalar(std::string_view tag, double value, std::int64_t step);
  void add_text(std::string_view tag, std::string_view text, std::int64_t step);
  /// Readers forget what earlier files of the folder say of `step` and later ones: the run goes on from before it.
  void add_restart(std::int64_t step);
  /// Brings what was added to the file.
  void flush();
  const std::filesystem::path& path() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace forgelm::formats
