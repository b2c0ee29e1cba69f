// `forgelm data cache`: what the token cache holds, and its removal.
#include <algorithm>

#include "forgelm/cli/command.hpp"
#include "forgelm/core/env.hpp"
#include "forgelm/core/progress.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/data/token_cache.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_cache;

namespace {

constexpr std::int64_t kSecondsOfDay = 86400;

Json to_json(const data::TokenCacheEntry& entry) {
  Json sources = Json::array();
  for (const auto& source : entry.sources)
    sources.push(Json::object({{"path", source.path}, {"sha256", source.sha256}, {"size_bytes", source.size_bytes}}));
  return Json::object({{"key", entry.key},
                       {"path", entry.path.string()},
                       {"is_whole", entry.is_whole},
                       {"num_examples", entry.num_examples},
                       {"size_bytes", entry.size_bytes},
                       {"last_used", iso_format(entry.last_used)},
                       {"sources", std::move(sources)}});
}

void print_entry(const data::TokenCacheEntry& entry, Output& output) {
  output.print(cat(prefix_code_points(entry.key, 12), "  ", format_bytes(static_cast<std::int64_t>(entry.size_bytes)),
                   "  ", entry.is_whole ? cat(entry.num_examples, " examples") : std::string("unfinished or damaged"),
                   "  last used ", iso_format(entry.last_used), "\n"));
  for (const auto& source : entry.sources) output.print(cat("  ", source.path, "\n"));
}

std::vector<data::TokenCacheEntry> chosen(const std::filesystem::path& folder, const Arguments& arguments) {
  if (const auto source = arguments.maybe_text("of")) return data::find_caches_of(folder, *source);
  return data::list_token_caches(folder);
}

ExitCode run(const Arguments& arguments, Output& output) {
  const std::filesystem::path folder = data::token_cache_folder();
  const auto max_days = arguments.maybe_integer("older-than");
  std::vector<data::TokenCacheEntry> entries;
  const bool removes = arguments.flag("remove");
  if (max_days && (removes || arguments.is_given("of")))
    throw UsageError("data cache", "--older-than stands alone: it removes what was not used for so many days");
  if (max_days) {
    data::TokenCacheLimits limits;
    limits.max_age_s = *max_days * kSecondsOfDay;
    entries = data::prune_token_caches(folder, limits);
  } else {
    entries = chosen(folder, arguments);
  }
  bool is_all_removed = true;
  std::uint64_t size_bytes = 0;
  Json list = Json::array();
  for (const auto& entry : entries) {
    print_entry(entry, output);
    size_bytes += entry.size_bytes;
    Json item = to_json(entry);
    if (removes || max_days) {
      const bool is_removed = max_days.has_value() || data::remove_token_cache(entry);
      item.set("is_removed", is_removed);
      if (!is_removed) {
        is_all_removed = false;
        Output::complain(
            cat("the cache ", prefix_code_points(entry.key, 12), " is being built by another process and stays"),
            "run this again when that process has ended");
      }
    }
    list.push(std::move(item));
  }
  output.print(cat(entries.size(), entries.size() == 1 ? " cache, " : " caches, ",
                   format_bytes(static_cast<std::int64_t>(size_bytes)),
                   removes || max_days ? " removed" : cat(" in ", folder.string()), "\n"));
  output.set_document(Json::object({{"success", is_all_removed},
                                    {"folder", folder.string()},
                                    {"size_bytes", size_bytes},
                                    {"caches", std::move(list)}}));
  return is_all_removed ? ExitCode::ok : ExitCode::run_error;
}

constexpr OptionSpec kOptions[] = {
    {.name = "of",
     .kind = OptionKind::path,
     .doc = "Only caches that hold, or may hold, what comes from this file or folder, or from content of this SHA-256.",
     .value_name = "SOURCE"},
    {.name = "remove", .kind = OptionKind::flag, .doc = "Remove what is listed."},
    {.name = "older-than",
     .kind = OptionKind::integer,
     .doc = "Remove what was not used for so many days.",
     .value_name = "DAYS",
     .at_least = 0,
     .at_most = 36500},
};

constexpr Example kExamples[] = {
    {"forgelm data cache", "what is there"},
    {"forgelm data cache --of data/train.jsonl --remove", "erase every copy of these rows from the cache"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_cache = {
    .name = "data cache",
    .summary = "List or remove tokens kept from data sets",
    .details =
        "Tokens of a data set are kept so that the next run need not make them again. All of it can be made again, and "
        "all "
        "of it holds the rows' content: whoever erases a source erases its caches too.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
