// {prompt, completion}: in plain text, rendered as data.task says; or as lists of messages (TRL), where the turns of
// the completion are learnt and those of the prompt are not.
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_prompt_completion;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "prompt", .doc = "text, or list of messages", .is_required = true},
    {.name = "completion", .doc = "text, or list of messages", .is_required = true, .also = {"response"}},
    {.name = "system", .doc = "system prompt", .also = {"System", "system_prompt"}},
    {.name = "tools", .doc = "list of tool schemas, or JSON of one"},
};

void convert_messages(const RowView& row, const Cell& prompt, const Cell& completion, RowOutcome& out) {
  Sample sample;
  sample.kind = SampleKind::completion;
  sample.messages = read_turns_or_text(prompt, "user");
  sample.chosen = read_turns_or_text(completion, "assistant");
  sample.tools = read_tools(row.find("tools"));
  if (const auto system = row.find("system")) add_system(sample.messages, system->text());
  accept(std::move(sample), out);
}

void convert(const RowView& row, RowOutcome& out) {
  const Cell prompt = row.at("prompt"), completion = row.at("completion");
  if (!prompt.is_text() || !completion.is_text()) return convert_messages(row, prompt, completion, out);
  const bool is_joined = row.task_is(config::DataTask::completion);
  const TextEnds ends = is_joined ? TextEnds::kept : TextEnds::trimmed;
  Exchange exchange;
  exchange.is_joined_as_it_stands = true;
  exchange.system = row.optional_text("system");
  exchange.prompt = row.text("prompt", ends);
  exchange.answer = row.text("completion", ends);
  if (row.task_is(config::DataTask::summarization)) exchange.prompt = summarization_prompt(exchange.prompt);
  if (row.task_is(config::DataTask::question_answering)) exchange.prompt = question_prompt("", exchange.prompt);
  accept_exchange(row, std::move(exchange), out);
}

}  // namespace

const RowFormat row_format_prompt_completion = {
    .name = "prompt_completion",
    .known_as = "TRL, OpenAI completions",
    .meaning =
        "Text: user and assistant; with data.task completion both texts are joined as they stand. Messages: the "
        "turns of the completion are learnt, those of the prompt are not.",
    .rank = 50,
    .columns = kColumns,
    .trainers = kSft,
    .tasks = kPlainTasks,
    .is_cleaned = true,
    .convert = convert,
};

}  // namespace forgelm::data
