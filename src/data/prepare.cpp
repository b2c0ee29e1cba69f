// Rows are chosen by number first (split.hpp, mixture.hpp), then looked up in the stores: a row has no example, one, or
// several, and those come in its place.
#include "forgelm/data/prepare.hpp"

#include <algorithm>
#include <span>
#include <utility>

#include "forgelm/core/text.hpp"
#include "forgelm/data/mixture.hpp"
#include "forgelm/data/source.hpp"
#include "forgelm/data/split.hpp"

namespace forgelm::data {
namespace {

/// The examples of each row of a store.
class RowIndex {
 public:
  RowIndex(const TokenStore& store, std::uint64_t num_rows) : begins_(num_rows + 1) {
    const std::uint64_t num_examples = store.num_examples();
    for (std::uint64_t i = 0; i < num_examples; ++i) ++begins_[store.row(i) + 1];
    for (std::size_t row = 0; row < num_rows; ++row) begins_[row + 1] += begins_[row];
    // Examples are stored in the order of rows, so those of a row are the numbers from begins_[row] on.
  }
  std::uint64_t begin(std::uint64_t row) const { return begins_[row]; }
  std::uint64_t end(std::uint64_t row) const { return begins_[row + 1]; }

 private:
  std::vector<std::uint64_t> begins_;
};

std::vector<ExampleRef> examples_of(const RowOrder& rows, const std::vector<RowIndex>& indices) {
  std::vector<ExampleRef> examples;
  examples.reserve(rows.size());
  for (const RowRef& row : rows)
    for (std::uint64_t i = indices[row.source()].begin(row.row()); i < indices[row.source()].end(row.row()); ++i)
      examples.emplace_back(row.source(), i);
  return examples;
}

ChosenRows chosen(const RowOrder& rows, std::span<const PreparedSource> sources) {
  DataReport all;
  for (const PreparedSource& source : sources) all.merge(source.tokens.report);
  return {rows.size(), std::move(all.columns)};
}

Source primary_source(const config::JobConfig& job) {
  const std::string& split = job.data.eval_split;
  return find_source(job.data.dataset_name_or_path, split == "auto" || split == "none" ? std::string_view() : split);
}

/// A job in which nothing is learnt would train on nothing and say that all went well.
void require_something_learnt(const std::string& what, const ExampleList& examples,
                              const std::vector<PreparedSource>& sources, config::TrainerType trainer) {
  const bool learns_from_prompts = trainer == config::TrainerType::grpo || trainer == config::TrainerType::ppo;
  std::uint64_t num_learnt = 0;
  for (const PreparedSource& source : sources) num_learnt += source.tokens.report.num_learnt_tokens;
  if (examples.size() > 0 && (learns_from_prompts || num_learnt > 0)) return;
  std::vector<std::string> reasons;
  for (const PreparedSource& source : sources)
    for (const auto& [reason, count] : source.tokens.report.dropped)
      reasons.push_back(cat(count, count == 1 ? " row: " : " rows: ", reason));
  throw ConfigError(cat(what, ": nothing would be learnt", reasons.empty() ? "" : cat(" (", join(reasons, "; "), ")")),
                    "`forgelm data preview JOB` shows rows with what is learnt of them");
}

}  // namespace

RowRules row_rules_of(const config::JobConfig& job) {
  RowRules rules;
  rules.trainer = job.training.trainer_type;
  rules.task = job.data.task;
  rules.columns = job.data.columns;
  rules.clean_text = job.data.clean_text;
  return rules;
}

PreparedData prepare(const config::JobConfig& job, const TokenizeOptions& options) {
  PreparedData out;
  out.model = load_model_text(job.model);
  const ExampleBuilder builder(out.model.tokenizer, out.model.chat_template, ExampleRules::of(job));
  RowRules rules = row_rules_of(job);
  const auto add = [&](const std::string& name, const std::vector<std::filesystem::path>& files) {
    out.sources.push_back({name, tokenize_source(name, files, rules, builder, options)});
    const auto& tokens = out.sources.back().tokens;
    for (const std::string& warning : tokens.warnings) out.warnings.push_back(cat(name, ": ", warning));
  };

  const Source primary = primary_source(job);
  const EvalSplit eval = choose_eval_split(primary, job.data.eval_split);
  add(primary.name, primary.train().files);
  rules.has_optional_columns = true;
  for (const std::string& name : job.data.extra_datasets.value_or(std::vector<std::string>()))
    add(name, find_source(name).train().files);
  rules.has_optional_columns = false;
  const std::size_t num_train_sources = out.sources.size();
  if (eval.split != nullptr) add(cat(primary.name, " (", eval.split->name, ")"), eval.split->files);

  std::vector<std::uint64_t> num_rows;
  std::vector<RowIndex> indices;
  std::vector<std::shared_ptr<const TokenStore>> stores;
  for (const PreparedSource& source : out.sources) {
    num_rows.push_back(source.tokens.num_rows);
    indices.emplace_back(*source.tokens.store, num_rows.back());
    stores.push_back(source.tokens.store);
  }
  const auto seed = static_cast<std::uint64_t>(job.training.seed);
  SplitRows rows = select_rows(job.data, std::span(num_rows).first(num_train_sources), eval.is_held_out, seed);
  if (eval.split != nullptr)
    rows.eval = all_rows(static_cast<std::uint32_t>(num_train_sources), num_rows[num_train_sources]);

  out.train = std::make_shared<const ExampleList>(stores, examples_of(rows.train, indices));
  out.eval = std::make_shared<const ExampleList>(stores, examples_of(rows.eval, indices));
  const std::span<const PreparedSource> sources(out.sources), train_sources = sources.first(num_train_sources);
  out.train_rows = chosen(rows.train, train_sources);
  out.eval_rows = chosen(rows.eval, eval.split != nullptr ? sources.subspan(num_train_sources) : train_sources);
  out.eval_origin = eval.split != nullptr  ? cat(eval.split->name, " split")
                    : out.eval->size() > 0 ? "held out of the training rows"
                                           : "none";
  require_something_learnt(job.data.dataset_name_or_path, *out.train, out.sources, job.training.trainer_type);
  return out;
}

std::vector<std::filesystem::path> files_of(const config::JobConfig& job, bool is_eval) {
  const Source source = primary_source(job);
  if (!is_eval) return source.train().files;
  const EvalSplit eval = choose_eval_split(source, job.data.eval_split);
  if (eval.split == nullptr)
    throw ConfigError(cat(quote(source.name), " brings no split to evaluate on"),
                      eval.is_held_out ? "rows for evaluation are held out of the training split" : "");
  return eval.split->files;
}

}  // namespace forgelm::data
