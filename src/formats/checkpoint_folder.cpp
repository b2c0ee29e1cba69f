// Writing, finding and removing checkpoints. The order of the steps is the point: the files and the folder's own list
// of them reach the disk before the name does (core's commit_directory), and a name goes before the files behind it go.
#include "forgelm/formats/checkpoint_folder.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <fstream>
#include <map>

#include "checkpoint_archive.hpp"
#include "checkpoint_committed.hpp"
#include "checkpoint_staging.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/log.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::formats {
namespace {

namespace fs = std::filesystem;
using checkpoint::Committed;
using checkpoint::CommittedFile;

constexpr Logger logger("forgelm.checkpoints");
constexpr std::size_t kMaxProblems = 20;

bool is_plain_folder(const fs::path& path) { return fs::is_directory(fs::symlink_status(path)); }
bool is_plain_file(const fs::path& path) { return fs::is_regular_file(fs::symlink_status(path)); }
bool is_there(const fs::path& path) { return fs::symlink_status(path).type() != fs::file_type::not_found; }

/// Everything in a folder that is not a folder, by its name in there. -1 for what is no regular file.
std::map<std::string, std::int64_t> contents_of(const fs::path& folder) {
  std::map<std::string, std::int64_t> contents;
  std::error_code error;
  fs::recursive_directory_iterator entry(folder, error);
  for (const fs::recursive_directory_iterator end; !error && entry != end; entry.increment(error)) {
    struct stat info {};
    if (::lstat(entry->path().c_str(), &info) != 0) throw os_error("read", entry->path().native(), errno);
    if (S_ISDIR(info.st_mode)) continue;
    contents[entry->path().lexically_relative(folder).native()] =
        S_ISREG(info.st_mode) ? static_cast<std::int64_t>(info.st_size) : -1;
  }
  if (error) throw os_error("list", folder.native(), error.value());
  return contents;
}

/// A folder held against its list. `committed` is set when the list could be read.
struct Inspection {
  std::optional<Committed> committed;
  std::vector<std::string> problems;

  void add(std::string problem) {
    if (problems.size() < kMaxProblems) problems.push_back(std::move(problem));
    else if (problems.size() == kMaxProblems) problems.emplace_back("and more");
  }
};

std::optional<Committed> read_committed(const fs::path& folder, Inspection& inspection) {
  if (!is_plain_folder(folder)) return inspection.add("it is not a folder"), std::nullopt;
  const fs::path path = folder / kCommittedFile;
  if (!is_there(path))
    return inspection.add("there is no COMMITTED file: not a checkpoint of this program, or not whole"), std::nullopt;
  if (!is_plain_file(path)) return inspection.add("COMMITTED is not a regular file"), std::nullopt;
  auto committed = checkpoint::parse_committed(read_file(path, checkpoint::kMaxCommittedBytes));
  if (!committed) return inspection.add(cat("COMMITTED: ", committed.error().message)), std::nullopt;
  return std::move(committed).value();
}

void compare_files(const fs::path& folder, const Committed& committed, bool with_digests, Inspection& inspection) {
  auto contents = contents_of(folder);
  contents.erase(kCommittedFile);
  for (const CommittedFile& file : committed.files) {
    const auto found = contents.find(file.file);
    if (found == contents.end()) {
      inspection.add(cat(file.file, " is missing"));
      continue;
    }
    const std::int64_t size_bytes = found->second;
    contents.erase(found);
    if (size_bytes < 0) inspection.add(cat(file.file, " is not a regular file"));
    else if (size_bytes != file.size_bytes)
      inspection.add(cat(file.file, " has ", size_bytes, " bytes instead of ", file.size_bytes));
    else if (with_digests && sha256_file(folder / file.file) != file.sha256)
      inspection.add(cat(file.file, " has other bytes than were written (its SHA-256 differs)"));
  }
  for (const auto& [name, size_bytes] : contents) inspection.add(cat(quote(name), " is not listed in COMMITTED"));
}

Inspection inspect(const fs::path& folder, bool with_digests) {
  Inspection inspection;
  try {
    inspection.committed = read_committed(folder, inspection);
    if (!inspection.committed) return inspection;
    const auto step = checkpoint::step_of(folder.filename().native());
    if (step && *step != inspection.committed->step)
      inspection.add(cat("it is named for step ", *step, " and was written at step ", inspection.committed->step));
    compare_files(folder, *inspection.committed, with_digests, inspection);
  } catch (const RunError& error) {
    inspection.add(error.what());
  }
  return inspection;
}

/// The folders checkpoint-<step> of a run, oldest first.
std::vector<std::pair<std::int64_t, fs::path>> folders_of(const fs::path& run_folder) {
  std::vector<std::pair<std::int64_t, fs::path>> folders;
  std::error_code error;
  for (fs::directory_iterator entry(run_folder, error), end; !error && entry != end; entry.increment(error))
    if (const auto step = checkpoint::step_of(entry->path().filename().native());
        step && is_plain_folder(entry->path()))
      folders.emplace_back(*step, entry->path());
  if (error && error != std::errc::no_such_file_or_directory)
    throw os_error("list", run_folder.native(), error.value());
  std::sort(folders.begin(), folders.end());
  return folders;
}

CheckpointInfo info_of(const fs::path& path, Committed committed) {
  return {path, committed.step, std::move(committed.about)};
}

/// The run folder and step of RUN/checkpoint-<step> that holds COMMITTED.
std::pair<fs::path, std::int64_t> require_own(const fs::path& path) {
  const fs::path folder = path.has_filename() ? path : path.parent_path();
  const auto step = checkpoint::step_of(folder.filename().native());
  if (!step || !is_plain_folder(folder) || !is_there(folder / kCommittedFile))
    throw RunError(RunErrorKind::data, cat(folder.native(), " is not a checkpoint of this program: it stays as it is"),
                   "", {{"path", folder.native()}});
  const fs::path parent = folder.parent_path();
  return {parent.empty() ? fs::path(".") : parent, *step};
}

/// Somebody else's folder, file or link under our name: kept, under another.
void move_out_of_the_way(const fs::path& path) {
  for (int n = 1;; ++n) {
    const fs::path aside = cat(path.native(), ".moved-", n);
    if (is_there(aside)) continue;
    checkpoint::move(path, aside);
    logger.warning(path.native(), " was not a checkpoint of this program: it is ", aside.filename().native(), " now");
    return;
  }
}

void pack_file(checkpoint::TarGzWriter& archive, const fs::path& folder, const CommittedFile& file) {
  const fs::path path = folder / file.file;
  archive.begin_file((folder.filename() / file.file).native(), static_cast<std::uint64_t>(file.size_bytes));
  std::ifstream in(path, std::ios::binary);
  std::vector<char> piece(std::size_t{1} << 20);
  Sha256 digest;
  std::int64_t num_read = 0;
  while (in.read(piece.data(), static_cast<std::streamsize>(piece.size())) || in.gcount() > 0) {
    const std::string_view bytes(piece.data(), static_cast<std::size_t>(in.gcount()));
    num_read += in.gcount();
    if (num_read > file.size_bytes) break;
    digest.update(bytes);
    archive.write(bytes);
  }
  if (num_read != file.size_bytes || digest.finish_hex() != file.sha256)
    throw RunError(RunErrorKind::data, cat(path.native(), " cannot be read as it was written: the checkpoint stays"),
                   "", {{"path", path.native()}});
}

}  // namespace

CheckpointWriter::CheckpointWriter(const fs::path& run_folder, std::int64_t step)
    : run_folder_(run_folder), step_(step) {
  checkpoint::clean(run_folder);
  staging_ = std::make_unique<checkpoint::Staging>(run_folder, step);
}

CheckpointWriter::CheckpointWriter(CheckpointWriter&&) noexcept = default;
CheckpointWriter::~CheckpointWriter() = default;

const fs::path& CheckpointWriter::staging() const noexcept { return staging_->path(); }

fs::path CheckpointWriter::commit(const Json& about) {
  const fs::path staging = staging_->path();
  if (staging.empty()) throw RunError(RunErrorKind::internal, cat("checkpoint ", step_, " was committed before"));
  Committed committed{step_, about, {}};
  for (const auto& [name, size_bytes] : contents_of(staging)) {
    if (size_bytes < 0)
      throw RunError(RunErrorKind::internal, cat((staging / name).native(), " is no regular file: it cannot be kept"));
    committed.files.push_back({name, size_bytes, sha256_file(staging / name)});
  }
  write_file_durably(staging / kCommittedFile, checkpoint::dump_committed(committed));

  const fs::path place = run_folder_ / checkpoint::folder_name(step_);
  const bool replaces = is_plain_folder(place) && is_there(place / kCommittedFile);
  if (!replaces && is_there(place)) move_out_of_the_way(place);
  if (!replaces) {
    commit_directory(staging, place);
    staging_->release();
    return place;
  }
  const fs::path aside = checkpoint::hidden_name(run_folder_, step_, "replaced");
  if (replace_directory(staging, place, aside) == staging) {
    staging_->discard();  // the old one
  } else {
    staging_->release();
    checkpoint::clean(run_folder_);
  }
  return place;
}

std::vector<CheckpointInfo> list_checkpoints(const fs::path& run_folder) {
  checkpoint::recover(run_folder);
  std::vector<CheckpointInfo> found;
  for (const auto& [step, path] : folders_of(run_folder)) {
    Inspection inspection = inspect(path, false);
    if (inspection.problems.empty()) found.push_back(info_of(path, *std::move(inspection.committed)));
  }
  return found;
}

Result<CheckpointInfo> read_checkpoint(const fs::path& path) {
  Inspection inspection = inspect(path, true);
  if (inspection.problems.empty()) return info_of(path, *std::move(inspection.committed));
  return Failure{cat(path.native(), ": ", join(inspection.problems, "; "))};
}

std::vector<std::string> verify_checkpoint(const fs::path& path) { return inspect(path, true).problems; }

std::optional<CheckpointInfo> newest_checkpoint(const fs::path& run_folder) {
  checkpoint::recover(run_folder);
  const auto folders = folders_of(run_folder);
  for (auto folder = folders.rbegin(); folder != folders.rend(); ++folder) {
    auto read = read_checkpoint(folder->second);
    if (read) return std::move(read).value();
    logger.warning("passed over: ", read.error().message);
  }
  return std::nullopt;
}

void remove_checkpoint(const fs::path& path) {
  const auto [run_folder, step] = require_own(path);
  checkpoint::remove_whole(run_folder, step);
}

fs::path compress_checkpoint(const fs::path& path) {
  const auto [run_folder, step] = require_own(path);
  const fs::path folder = run_folder / checkpoint::folder_name(step);
  Inspection inspection = inspect(folder, false);
  if (!inspection.problems.empty())
    throw RunError(RunErrorKind::data, cat(folder.native(), ": ", join(inspection.problems, "; ")),
                   "the folder stays as it is", {{"path", folder.native()}});
  std::vector<CommittedFile> files = std::move(inspection.committed->files);
  const std::string list = read_file(folder / kCommittedFile, checkpoint::kMaxCommittedBytes);
  files.push_back({kCommittedFile, static_cast<std::int64_t>(list.size()), sha256_hex(list)});

  checkpoint::clean(run_folder);
  const checkpoint::Staging staging(run_folder, step);
  const std::string name = folder.filename().native() + ".tar.gz";
  const std::string sums = name + ".sha256";
  {
    checkpoint::TarGzWriter archive(staging.path() / name);
    for (const CommittedFile& file : files) pack_file(archive, folder, file);
    write_file_durably(staging.path() / sums, cat(archive.finish(), "  ", name, "\n"));
  }
  // An archive beside a folder means nothing yet: whoever is killed here packs it again. What must not be is an archive
  // beside the sums of another one.
  checkpoint::remove_tree(run_folder / sums);
  checkpoint::move_over(staging.path() / name, run_folder / name);
  checkpoint::move_over(staging.path() / sums, run_folder / sums);
  sync_directory(run_folder);
  checkpoint::remove_whole(run_folder, step);
  return run_folder / name;
}

}  // namespace forgelm::formats
