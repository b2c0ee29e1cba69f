// {document, summary}: CNN/DailyMail (article, highlights), XSum (document, summary), SAMSum (dialogue, summary).
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_summary;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "document", .doc = "the text to summarise", .is_required = true, .also = {"article", "dialogue"}},
    {.name = "summary", .doc = "its summary", .is_required = true, .also = {"highlights"}},
    {.name = "system", .doc = "system prompt", .also = {"System", "system_prompt"}},
};
constexpr config::DataTask kTasks[] = {config::DataTask::completion, config::DataTask::summarization};

void convert(const RowView& row, RowOutcome& out) {
  Exchange exchange;
  exchange.system = row.optional_text("system");
  exchange.prompt = row.text("document");
  if (row.task_is(config::DataTask::summarization)) exchange.prompt = summarization_prompt(exchange.prompt);
  exchange.answer = row.text("summary");
  accept_exchange(row, std::move(exchange), out);
}

}  // namespace

const RowFormat row_format_summary = {
    .name = "summary",
    .known_as = "CNN/DailyMail, XSum, SAMSum",
    .meaning =
        "User: the document, with data.task summarization after `Summarize the following document:` on a line "
        "of its own. Assistant: the summary.",
    .rank = 46,
    .columns = kColumns,
    .trainers = kSft,
    .tasks = kTasks,
    .is_cleaned = true,
    .convert = convert,
};

}  // namespace forgelm::data
