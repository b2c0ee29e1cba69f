// The run: which files there are, all of them through the worker, rows and totals in order.
#include "forgelm/ingest/ingest.hpp"

#include <algorithm>

#include "extract.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/interrupt.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/ordered_work.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "result_document.hpp"
#include "row_output.hpp"
#include "worker.hpp"

namespace forgelm::ingest {
namespace {

namespace fs = std::filesystem;
constexpr Logger logger("forgelm.ingest");

bool is_supported(const fs::path& path) {
  const auto& endings = supported_endings();
  return std::find(endings.begin(), endings.end(), ending_of(path)) != endings.end();
}

template <class Iterator>
void gather(Iterator entries, std::vector<fs::path>& files) {
  for (const fs::directory_entry& entry : entries)
    if (is_supported(entry.path()) && entry.is_regular_file()) files.push_back(entry.path());
}

/// The documents of `input`, sorted by the parts of their paths. Links to folders are not followed.
std::vector<fs::path> find_files(const fs::path& input, bool is_recursive) {
  const fs::file_status status = fs::status(input);
  if (!fs::exists(status)) throw ConfigError(cat("Input path does not exist: ", quote(input.native())));
  if (!fs::is_directory(status)) return {input};
  std::vector<fs::path> files;
  try {
    if (is_recursive)
      gather(fs::recursive_directory_iterator(input, fs::directory_options::skip_permission_denied), files);
    else gather(fs::directory_iterator(input), files);
  } catch (const fs::filesystem_error& error) {
    throw ConfigError(cat("cannot list ", quote(error.path1().native()), ": ", error.code().message()));
  }
  std::sort(files.begin(), files.end());
  if (files.empty())
    throw ConfigError(cat("No supported files found at ", quote(input.native()),
                          " (extensions: ", join(supported_endings(), ", "), ")."),
                      is_recursive ? "" : "--recursive looks into folders below it");
  return files;
}

fs::path absolute_path(const fs::path& path) {
  std::error_code error;
  const fs::path resolved = fs::weakly_canonical(fs::absolute(path), error);
  return error ? fs::absolute(path) : resolved;
}

void make_place_for(const fs::path& output) {
  std::error_code error;
  if (fs::is_directory(output, error))
    throw ConfigError(cat("--output ", quote(output.native()), " is a directory, not a file path."));
  fs::create_directories(output.parent_path(), error);
  if (error)
    throw ConfigError(cat("cannot make the folder ", quote(output.parent_path().native()), ": ", error.message()));
}

std::vector<InputFile> stamped(const std::vector<fs::path>& paths) {
  std::vector<InputFile> files;
  for (const fs::path& path : paths) {
    std::error_code ignored;
    const auto size = fs::file_size(path, ignored);
    const auto time = fs::last_write_time(path, ignored).time_since_epoch().count();
    files.push_back({path, cat(static_cast<std::uint64_t>(size), " ", static_cast<std::int64_t>(time))});
  }
  return files;
}

void warn_of_no_effect(const IngestOptions& options) {
  if (options.strategy == Strategy::conversation && (options.chunk_size || options.overlap || options.chunk_tokens))
    logger.warning("with --strategy conversation nothing is cut: sizes and overlaps have no effect");
  if (options.chunk_tokens && options.chunk_size) logger.warning("--chunk-tokens is given: --chunk-size has no effect");
  if (options.strategy == Strategy::paragraph && options.overlap_tokens > 0)
    logger.warning("--overlap-tokens has no effect with --strategy paragraph: paragraphs do not overlap");
  if (options.strategy == Strategy::paragraph && options.overlap.value_or(0) > 0)
    logger.warning("--overlap has no effect with --strategy paragraph: paragraphs do not overlap");
  const auto& languages = script_languages();
  if (options.language &&
      std::find(languages.begin(), languages.end(), ascii_lower(*options.language)) == languages.end())
    logger.warning("--language-hint ", quote(*options.language),
                   ": the script of this language is not checked; known are ", join(languages, ", "));
}

void warn_of(const Totals& totals, const IngestOptions& options) {
  if (totals.num_quality_flagged > 0)
    logger.warning(totals.num_quality_flagged, "/", totals.num_quality_rows,
                   " chunks below ingestion quality threshold. Run `forgelm audit ", options.output.native(),
                   "` for detail.");
  if (totals.num_rows == 0)
    logger.warning("Ingest produced 0 chunks from ", totals.num_files_processed + totals.num_files_skipped,
                   " file(s) (", totals.num_files_processed, " processed, ", totals.num_files_skipped,
                   " skipped): all inputs were empty or unreadable. Check the source path and file formats.");
}

}  // namespace

const std::vector<std::string>& known_languages() { return script_languages(); }

IngestResult ingest(const IngestOptions& given) {
  IngestOptions options = given;
  options.output = absolute_path(given.output);
  const fs::path input = absolute_path(given.input);
  const Worker worker(options);
  make_place_for(options.output);
  warn_of_no_effect(options);
  const std::vector<fs::path> paths = find_files(input, options.is_recursive);
  const fs::path root = fs::is_directory(input) ? input : input.parent_path();

  ResumedOutput state;
  std::vector<InputFile> files;
  std::optional<InterruptScope> interrupts;
  if (options.resumes) {
    interrupts.emplace();
    files = stamped(paths);
    state = resume_output(options.output, worker.identity(), files);
    if (state.num_files_done > 0) logger.info("going on behind file ", state.num_files_done, " of ", paths.size());
  } else {
    state.output = make_plain_output(options.output);
  }

  std::optional<Progress> progress;
  if (options.shows_progress)
    progress.emplace(ProgressOptions{.label = "ingest",
                                     .unit = "file",
                                     .total = static_cast<std::int64_t>(paths.size()),
                                     .start = static_cast<std::int64_t>(state.num_files_done)});
  const std::string language = ascii_lower(options.language.value_or(""));
  std::size_t next = state.num_files_done;
  run_ordered<std::size_t, FileResult>(
      std::max(1, options.num_threads),
      [&]() -> std::optional<std::size_t> {
        if (next == paths.size()) return std::nullopt;
        return next++;
      },
      [&](std::size_t index, int) {
        return worker.run(paths[index], paths[index].lexically_relative(root).generic_string());
      },
      [&](FileResult result) {
        for (const std::string& warning : result.report.warnings) logger.warning(warning);
        state.totals.add(result.report, language);
        state.output->write(result.rows, state.totals);
        if (progress) progress->advance();
      });
  if (progress) progress->finish();
  state.output->commit();
  warn_of(state.totals, options);
  return make_result(options, state.totals, state.num_files_done);
}

}  // namespace forgelm::ingest
