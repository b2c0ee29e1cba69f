// One walk over the log with every checkpoint beside it; a second one only to name what a broken chain continues, and
// to make proofs.
#include "forgelm/compliance/audit_verify.hpp"

#include <algorithm>
#include <array>
#include <fstream>

#include "audit_proof.hpp"
#include "audit_walk.hpp"
#include "checkpoint_check.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/os_error.hpp"
#include "forgelm/core/text.hpp"
#include "genesis_manifest.hpp"

namespace forgelm::compliance {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlockBytes = 256 * 1024;
constexpr std::uint64_t kMaxManifestBytes = 64 * 1024;
constexpr std::size_t kShownHash = 80;

/// The worst first: one finding of it decides.
constexpr std::array kBySeverity = {AuditVerdict::forked, AuditVerdict::rewritten, AuditVerdict::cut,
                                    AuditVerdict::torn_tail, AuditVerdict::wrong_key};

class Verification {
 public:
  Verification(const AuditBytes& bytes, const AuditVerifyOptions& options)
      : bytes_(bytes), options_(options), walk_(options) {
    if (options.checkpoint) checks_.emplace_back("the checkpoint", *options.checkpoint);
    if (options.anchor) checks_.emplace_back("the anchor", *options.anchor);
    if (options.earlier) checks_.emplace_back("the earlier checkpoint", *options.earlier);
  }

  AuditVerification run() {
    walk_.on_entry = [this](std::uint64_t num_entries, std::uint64_t size_bytes, const Sha256Digest& leaf) {
      for (auto& check : checks_) check.take(num_entries, size_bytes, leaf);
    };
    bytes_([this](std::string_view bytes) { return walk_.add(bytes); });
    walk_.finish();
    name_break();
    check_manifest();
    check_checkpoints();
    report();
    prove();
    return std::move(result_);
  }

 private:
  /// The chain is broken: looks whether the line continues an earlier one.
  void name_break() {
    const auto& broken = walk_.chain_break();
    if (!broken) return;
    const std::string message =
        cat("chain broken at line ", broken->entry, ": prev_hash=", quote(broken->prev_hash, kShownHash),
            " expected=", quote(walk_.head));
    const auto find = [&](AuditVerdict verdict, const std::string& more) {
      walk_.findings.push_back({verdict, message + more, broken->entry});
    };
    if (broken->prev_hash == "genesis") return find(AuditVerdict::forked, " (it begins a chain of its own)");
    // Line j is continued by line j + 1 already; an equal line there makes this one a copy.
    std::uint64_t number = 0, continued = 0;
    bool is_copy = false;
    LineSplitter splitter;
    bytes_([&](std::string_view bytes) {
      return splitter.add(bytes, [&](std::string_view line) {
        if (trim(line).empty()) return true;
        if (++number >= broken->entry) return false;
        const std::string digest = sha256_hex(line);
        if (digest == broken->prev_hash) continued = number;
        if (continued > 0 && digest == broken->line_sha256) is_copy = true;
        return true;
      });
    });
    if (is_copy) find(AuditVerdict::rewritten, cat(" (it repeats line ", continued + 1, ")"));
    else if (continued > 0)
      find(AuditVerdict::forked, cat(" (it continues line ", continued, ", as line ", continued + 1, " does)"));
    else find(AuditVerdict::rewritten, "");
  }

  void check_manifest() {
    if (!options_.manifest) return;
    const auto manifest = parse_genesis_manifest(*options_.manifest);
    if (!manifest) {
      add_finding(AuditVerdict::rewritten,
                  cat("the genesis manifest is there but cannot be used: ", manifest.error().message));
    } else if (walk_.num_lines == 0) {
      add_finding(AuditVerdict::cut, cat("the genesis manifest pins a first entry (first_entry_sha256=",
                                         quote(manifest->first_entry_sha256, kShownHash),
                                         ") but the audit log is empty: the log was cut to no entries"));
    } else if (!walk_.first_line_sha256.empty() && manifest->first_entry_sha256 != walk_.first_line_sha256) {
      add_finding(AuditVerdict::rewritten,
                  cat("manifest mismatch: pinned first_entry_sha256 ", quote(manifest->first_entry_sha256, kShownHash),
                      " does not match line 1 hash ", quote(walk_.first_line_sha256)));
    } else if (!walk_.first_run_id.empty() && manifest->run_id != walk_.first_run_id) {
      add_finding(AuditVerdict::rewritten,
                  cat("manifest mismatch: pinned run_id ", quote(manifest->run_id, kShownHash),
                      " does not match line 1 run_id ", quote(walk_.first_run_id, kShownHash)));
    }
  }

  void check_checkpoints() {
    for (auto& check : checks_) check.judge(walk_, options_.key, walk_.findings, walk_.warnings);
    if (options_.key && checks_.empty())
      add_finding(AuditVerdict::wrong_key, "there is no checkpoint whose signature the key could check");
    // Two signatures of one key over two histories of one log: its writer, or who has its key, made both.
    for (const auto& good : checks_)
      for (const auto& other : checks_)
        if (good.fits() && good.is_signed() && other.is_signed() && other.contradicts() &&
            good.checkpoint()->origin == other.checkpoint()->origin)
          add_finding(AuditVerdict::forked, cat(good.name(), " and ", other.name(),
                                                " are both signed with this key and contradict each other"));
  }

  void report() {
    result_.num_entries = walk_.num_lines;
    result_.size_bytes = walk_.size_bytes;
    result_.root = walk_.tree.root();
    if (!walk_.first_line_sha256.empty()) result_.origin = checkpoint_origin(walk_.first_line_sha256);
    for (const AuditVerdict verdict : kBySeverity)
      if (std::any_of(walk_.findings.begin(), walk_.findings.end(),
                      [verdict](const Finding& finding) { return finding.verdict == verdict; })) {
        result_.verdict = verdict;
        break;
      }
    result_.is_without_evidence = walk_.num_lines == 0 && walk_.findings.empty();
    std::stable_sort(walk_.findings.begin(), walk_.findings.end(),
                     [](const Finding& a, const Finding& b) { return a.line < b.line; });
    for (const Finding& finding : walk_.findings) result_.errors.push_back(finding.message);
    result_.warnings = walk_.warnings;
    for (const auto& check : checks_) result_.checkpoints.push(check.to_json());
    if (options_.secret) result_.is_hmac_verified = result_.is_valid();
    say_what_is_open();
  }

  bool is_tagged_throughout() const {
    return options_.secret && walk_.num_untagged == 0 && walk_.num_tagged > 0 && !walk_.has_bad_tag;
  }

  /// The checkpoint or anchor of that name when the log fits it.
  const CheckpointCheck* fitting(std::string_view name) const {
    for (const auto& check : checks_)
      if (check.name() == name && check.fits()) return &check;
    return nullptr;
  }

  void say_what_is_open() {
    auto& open = result_.cannot_exclude;
    const CheckpointCheck* anchor = fitting("the anchor");
    const CheckpointCheck* checkpoint = fitting("the checkpoint");
    if (anchor != nullptr) {
      open.push_back(cat("that entries after the ", anchor->checkpoint()->num_entries(),
                         " that the anchor covers were cut off, changed or added"));
      if (!anchor->is_signed())
        open.push_back(
            "that the anchor was exchanged: no key was given to check its signature, so it is worth what the "
            "place is worth where it was kept");
    } else if (checkpoint == nullptr) {
      open.push_back("that entries were cut off the end: there is neither a checkpoint nor an anchor");
    } else if (checkpoint->is_signed()) {
      open.push_back("that the log and its checkpoint were both put back to an earlier state: there is no anchor");
    } else {
      open.push_back("that entries were cut off the end and the checkpoint made anew: no anchor, and no key was given");
    }
    const bool is_bound = anchor != nullptr || (checkpoint != nullptr && checkpoint->is_signed());
    if (!is_bound && !is_tagged_throughout())
      open.push_back("that the whole log was written anew by someone who could write its directory");
    if (options_.secret && walk_.num_untagged > 0)
      open.push_back(cat("that the ", walk_.num_untagged,
                         " entries without a tag were changed and the chain written "
                         "anew; --require-hmac refuses them"));
  }

  void prove() {
    if (!result_.is_valid()) return;
    const CheckpointCheck* anchor = fitting("the anchor");
    const CheckpointCheck* checkpoint = fitting("the checkpoint");
    const CheckpointCheck* earlier = fitting("the earlier checkpoint");
    const auto target_of = [this](const CheckpointCheck* check) {
      if (check == nullptr) return ProofTarget{result_.origin, walk_.tree.size(), result_.root, ""};
      return ProofTarget{result_.origin, check->checkpoint()->num_entries(), check->checkpoint()->root, check->note()};
    };
    const ProofTarget log = target_of(nullptr);
    if (options_.prove) {
      const std::uint64_t index = *options_.prove;
      if (index >= log.size)
        throw ConfigError(cat("there is no entry ", index, ": the log has ", log.size, ", counted from 0"));
      ProofTarget target = log;
      for (const CheckpointCheck* check : {anchor, checkpoint})
        if (check != nullptr && index < check->checkpoint()->num_entries()) {
          target = target_of(check);
          break;
        }
      result_.proofs.push(prove_inclusion(bytes_, index, target));
    }
    if (earlier != nullptr) {
      const std::uint64_t first = earlier->checkpoint()->num_entries();
      const bool reaches = checkpoint != nullptr && checkpoint->checkpoint()->num_entries() >= first;
      result_.proofs.push(prove_consistency(bytes_, *earlier->checkpoint(), earlier->note(),
                                            target_of(reaches ? checkpoint : nullptr)));
    }
  }

  void add_finding(AuditVerdict verdict, std::string message) {
    walk_.findings.push_back({verdict, std::move(message)});
  }

  const AuditBytes& bytes_;
  const AuditVerifyOptions& options_;
  AuditWalk walk_;
  std::vector<CheckpointCheck> checks_;
  AuditVerification result_;
};

void stream_file(const fs::path& path, const std::function<bool(std::string_view)>& take) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw os_error("read", path.native(), errno);
  std::string block(kBlockBytes, '\0');
  while (file.read(block.data(), static_cast<std::streamsize>(block.size())) || file.gcount() > 0)
    if (!take(std::string_view(block).substr(0, static_cast<std::size_t>(file.gcount())))) return;
  if (file.bad()) throw os_error("read", path.native(), errno != 0 ? errno : EIO);
}

}  // namespace

AuditVerification verify_audit_bytes(const AuditBytes& bytes, const AuditVerifyOptions& options) {
  return Verification(bytes, options).run();
}

AuditVerification verify_audit_file(const fs::path& path, AuditVerifyOptions options) {
  std::error_code error;
  const fs::file_status status = fs::status(path, error);
  if (status.type() == fs::file_type::not_found) throw ConfigError(cat("audit log not found: ", path.native()));
  if (status.type() == fs::file_type::none) throw os_error("read", path.native(), error.value());
  if (status.type() != fs::file_type::regular)  // a pipe would wait, a device never end
    throw ConfigError(cat("audit log not found: ", path.native(), " is not a regular file"));
  constexpr int kMaxTries = 3;
  for (int tries = 1;; ++tries) {
    AuditVerifyOptions present = options;
    // Before the log: it may grow meanwhile, and is then ahead of its checkpoint, never behind it.
    if (!present.manifest) present.manifest = read_file_if_exists(genesis_manifest_path(path), kMaxManifestBytes);
    if (!present.checkpoint)
      present.checkpoint = read_file_if_exists(checkpoint_path(path.native()), kMaxCheckpointBytes);
    AuditVerification result = verify_audit_bytes([&path](const auto& take) { stream_file(path, take); }, present);
    // A line without an end may be one that is being written.
    const bool has_grown = fs::file_size(path) != result.size_bytes && result.verdict == AuditVerdict::torn_tail;
    if (!has_grown || tries == kMaxTries) return result;
  }
}

}  // namespace forgelm::compliance
