// `forgelm data list`: registered data sets, newest first.
#include "../datasets.hpp"
#include "../verdict.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::cli {
extern const CommandSpec command_data_list;

namespace {

ExitCode run(const Arguments& arguments, Output& output) {
  registry::DatasetFilter filter;
  filter.name_part = arguments.maybe_text("name").value_or("");
  filter.tag = arguments.maybe_text("tag").value_or("");
  filter.limit = arguments.integer("limit");
  filter.offset = arguments.integer("offset");
  registry::DatasetPage page;
  if (auto index = registry::Index::open_existing()) page = index->list(filter);
  Json items = Json::array();
  for (const registry::Dataset& set : page.items) {
    items.push(dataset_json(set));
    output.print(cat(set.ref(), "  ", rows_text(set.num_rows), "  ",
                     short_digest(set.digest), "  audit ", set.audit_status, "  ", set.created.substr(0, 10),
                     set.tags.empty() ? "" : cat("  [", shown(join(set.tags, ", ")), "]"), "\n"));
  }
  const auto shown_count = static_cast<std::int64_t>(page.items.size());
  output.print(page.total == shown_count
                   ? cat(page.total, page.total == 1 ? " data set\n" : " data sets\n")
                   : cat(shown_count, " of ", page.total, " data sets; --limit and --offset show others\n"));
  output.set_document(Json::object({{"success", true},
                                    {"items", std::move(items)},
                                    {"total", page.total},
                                    {"limit", filter.limit},
                                    {"offset", filter.offset}}));
  return ExitCode::ok;
}

constexpr OptionSpec kOptions[] = {
    {.name = "name",
     .kind = OptionKind::text,
     .doc = "Only sets whose name holds this; case does not matter.",
     .value_name = "TEXT"},
    {.name = "tag", .kind = OptionKind::text, .doc = "Only sets with this tag.", .value_name = "TAG"},
    {.name = "limit",
     .kind = OptionKind::integer,
     .doc = "How many to show.",
     .value_name = "N",
     .default_text = "50",
     .at_least = 1,
     .at_most = 100000},
    {.name = "offset",
     .kind = OptionKind::integer,
     .doc = "How many to leave out before them.",
     .value_name = "N",
     .default_text = "0",
     .at_least = 0},
};

constexpr Example kExamples[] = {
    {"forgelm data list", "what is registered, newest first"},
    {"forgelm data list --tag support --output-format json", "for a script; `total` counts all that fit"},
};

constexpr ExitCode kExitCodes[] = {ExitCode::ok, ExitCode::config_error, ExitCode::run_error};

}  // namespace

const CommandSpec command_data_list = {
    .name = "data list",
    .summary = "List registered data sets",
    .details =
        "Newest first. The index is FORGELM_DB, or forgelm.db in FORGELM_HOME; where there is none, nothing is "
        "registered.",
    .options = kOptions,
    .examples = kExamples,
    .exit_codes = kExitCodes,
    .run = run,
};

}  // namespace forgelm::cli
