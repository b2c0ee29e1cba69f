#include "row_output.hpp"

#include <chrono>

#include "forgelm/core/error.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/interrupt.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::ingest {
namespace {

constexpr Logger logger("forgelm.ingest");
constexpr std::uint64_t kMaxUnsavedBytes = std::uint64_t{16} << 20;
constexpr std::chrono::seconds kMaxUnsavedTime{2};

class PlainOutput : public RowOutput {
 public:
  explicit PlainOutput(const std::filesystem::path& path) : file_(path) {}
  void write(std::string_view rows, const Totals&) override { file_.write(rows); }
  void commit() override { file_.commit(); }

 private:
  DurableFile file_;
};

/// `extra` behind the file's name.
std::filesystem::path beside(const std::filesystem::path& path, std::string_view extra) {
  return path.native() + std::string(extra);
}

std::string digest_of(const std::vector<InputFile>& files, std::size_t count) {
  Sha256 digest;
  for (std::size_t i = 0; i < count; ++i) digest.update(cat(files[i].path.native(), "\n", files[i].stamp, "\n"));
  return digest.finish_hex();
}

class ResumableOutput : public RowOutput {
 public:
  ResumableOutput(const std::filesystem::path& path, Json identity, const std::vector<InputFile>& files)
      : path_(path),
        lock_(FileLock::acquire(beside(path, ".lock"), 0)),
        identity_(std::move(identity)),
        files_(files),
        rows_(beside(path, ".partial")) {}

  /// Takes over what a run before left; the number of files that are done.
  std::size_t take_over(Totals& totals) {
    std::optional<Json> state;
    try {
      state = read_state();
      if (state) totals = Totals::from_json(state->at("totals"));
    } catch (const RunError& error) {
      logger.warning("beginning anew: ", quote(state_path().native()), " is damaged: ", error.what());
      state.reset();
      totals = {};
    }
    num_done_ = state ? static_cast<std::size_t>(state->at("num_files").integer()) : 0;
    rows_.cut(state ? static_cast<std::uint64_t>(state->at("num_bytes").integer()) : 0);
    return num_done_;
  }

  void write(std::string_view rows, const Totals& totals) override {
    rows_.write(rows);
    unsaved_ += rows.size();
    ++num_done_;
    const auto now = std::chrono::steady_clock::now();
    if (unsaved_ >= kMaxUnsavedBytes || now - saved_at_ >= kMaxUnsavedTime || is_interrupt_requested()) save(totals);
    if (const int signal = interrupt_signal(); signal != 0)
      throw RunError(RunErrorKind::interrupted,
                     cat("interrupted by ", signal_name(signal), "; ", num_done_, " of ", files_.size(),
                         " files are done and kept"),
                     "the same command goes on from there");
  }

  void commit() override {
    rows_.sync();
    std::filesystem::rename(rows_.path(), path_);
    std::error_code ignored;
    std::filesystem::remove(state_path(), ignored);
    sync_directory(path_.parent_path());
  }

 private:
  std::filesystem::path state_path() const { return beside(path_, ".resume"); }

  void save(const Totals& totals) {
    rows_.sync();
    write_file_durably(state_path(), dump(Json::object({{"identity", identity_},
                                                        {"num_files", num_done_},
                                                        {"files_digest", digest_of(files_, num_done_)},
                                                        {"num_bytes", rows_.size_bytes()},
                                                        {"totals", totals.to_json()}})));
    unsaved_ = 0;
    saved_at_ = std::chrono::steady_clock::now();
  }

  /// What a run before did, if this one can go on from it.
  std::optional<Json> read_state() const {
    const auto bytes = read_file_if_exists(state_path());
    if (!bytes) return std::nullopt;
    Json state = parse_json(*bytes).value();
    const std::int64_t num_files = state.at("num_files").integer();
    const std::int64_t num_bytes = state.at("num_bytes").integer();
    const char* reason = nullptr;
    if (!(state.at("identity") == identity_)) reason = "it had other options";
    else if (num_files < 0 || static_cast<std::size_t>(num_files) > files_.size() ||
             state.at("files_digest").text() != digest_of(files_, static_cast<std::size_t>(num_files)))
      reason = "the files that it had read changed";
    else if (num_bytes < 0 || static_cast<std::uint64_t>(num_bytes) > rows_.size_bytes())
      reason = "its rows are not there";
    if (reason == nullptr) return state;
    logger.warning("beginning anew instead of going on with the run before: ", reason);
    return std::nullopt;
  }

  std::filesystem::path path_;
  FileLock lock_;
  Json identity_;
  const std::vector<InputFile>& files_;
  AppendFile rows_;
  std::size_t num_done_ = 0;
  std::uint64_t unsaved_ = 0;
  std::chrono::steady_clock::time_point saved_at_ = std::chrono::steady_clock::now();
};

}  // namespace

std::unique_ptr<RowOutput> make_plain_output(const std::filesystem::path& path) {
  return std::make_unique<PlainOutput>(path);
}

ResumedOutput resume_output(const std::filesystem::path& path, const Json& identity,
                            const std::vector<InputFile>& files) {
  ResumedOutput resumed;
  auto output = std::make_unique<ResumableOutput>(path, identity, files);
  resumed.num_files_done = output->take_over(resumed.totals);
  resumed.output = std::move(output);
  return resumed;
}

}  // namespace forgelm::ingest
