// A preview goes the way of training, row by row and on one thread.
#include <optional>
#include <utility>

#include "forgelm/core/text.hpp"
#include "forgelm/data/example_builder.hpp"
#include "forgelm/data/model_text.hpp"
#include "forgelm/data/prepare.hpp"
#include "forgelm/data/preview.hpp"
#include "forgelm/data/tokenize_source.hpp"
#include "row_problem.hpp"

namespace forgelm::data {
namespace {

class Previewer {
 public:
  Previewer(const config::JobConfig& job, const PreviewOptions& options)
      : options_(options),
        model_(load_model_text(job.model)),
        builder_(model_.tokenizer, model_.chat_template, ExampleRules::of(job)),
        files_(files_of(job, options.is_eval)),
        converter_(converter_for(files_, row_rules_of(job))) {}

  Preview run() {
    std::optional<MessageTreeCollector> trees;
    if (converter_.format().spans_rows) trees.emplace(converter_);
    std::uint64_t rows_before = 0;
    for (const auto& file : files_) {
      const auto reader = formats::open_rows(file);
      std::uint64_t num_rows = 0;
      while (!is_full()) {
        formats::Row row;
        try {
          if (!reader->next(row)) break;
        } catch (const ConfigError& error) {
          if (seen_++ >= options_.first_row) preview_.problems.push_back(problem_of(error, file.string(), 0));
          ++num_rows;
          continue;
        }
        num_rows = row.number + 1;
        row.number += rows_before;
        if (trees) {
          for (const RowOutcome& outcome : trees->add(row, file.string())) add(outcome, file.string(), 0);
        } else if (seen_ < options_.first_row) {
          ++seen_;
        } else {
          RowOutcome outcome = converter_.convert(row, file.string());
          outcome.row = row.number;
          add(outcome, file.string(), row.line);
        }
      }
      rows_before += num_rows;
    }
    if (trees && !is_full())
      for (const RowOutcome& outcome : trees->finish()) add(outcome, files_.back().string(), 0);
    preview_.format = converter_.description();
    preview_.tokenizer = text::to_string(model_.tokenizer->kind());
    preview_.chat_template = model_.chat_template->name();
    return std::move(preview_);
  }

 private:
  bool is_full() const { return preview_.rows.size() + preview_.problems.size() >= options_.num_rows; }

  void add(const RowOutcome& outcome, const std::string& file, std::uint64_t line) {
    if (seen_++ < options_.first_row || is_full()) return;
    if (outcome.problem) {
      preview_.problems.push_back(*outcome.problem);
      return;
    }
    PreviewRow row;
    row.file = file;
    row.line = line;
    row.row = outcome.row;
    row.format = converter_.format().name;
    row.dropped_because = outcome.dropped_because;
    for (const Sample& sample : outcome.samples) {
      BuiltExamples built;
      try {
        built = builder_.build(sample);
      } catch (const ConfigError& error) {
        preview_.problems.push_back(problem_of(error, file, line));
        return;
      }
      row.is_truncated = row.is_truncated || built.is_truncated;
      if (built.examples.empty()) row.dropped_because = built.dropped_because;
      for (const Example& example : built.examples)
        for (std::size_t i = 0; i < example.sequences.size(); ++i) {
          const Sequence& sequence = example.sequences[i];
          PreviewSequence shown;
          if (example.sequences.size() == 2) shown.label = i == 0 ? "chosen" : "rejected";
          shown.tokens = preview_tokens(*model_.tokenizer, {sequence.ids, sequence.learnt});
          shown.num_learnt = SequenceView{sequence.ids, sequence.learnt}.num_learnt();
          row.sequences.push_back(std::move(shown));
        }
    }
    preview_.rows.push_back(std::move(row));
  }

  PreviewOptions options_;
  ModelText model_;
  ExampleBuilder builder_;
  std::vector<std::filesystem::path> files_;
  RowConverter converter_;
  Preview preview_;
  std::uint64_t seen_ = 0;
};

}  // namespace

Preview preview_rows(const config::JobConfig& job, const PreviewOptions& options) {
  return Previewer(job, options).run();
}

}  // namespace forgelm::data
