// {question, answer, context?, system_prompt?}: OpenOrca (question, response, system_prompt), GSM8K (question, answer),
// SQuAD (context, question, answers: {text: [...]}).
#include "forgelm/core/text.hpp"
#include "shared.hpp"

namespace forgelm::data {
extern const RowFormat row_format_question_answer;

namespace {

constexpr ColumnSpec kColumns[] = {
    {.name = "question", .doc = "the question", .is_required = true},
    {.name = "answer",
     .doc = "the answer: text, a list of them (the first is taken), or {text: [...]} as in SQuAD",
     .is_required = true,
     .also = {"response", "answers"}},
    {.name = "context", .doc = "what the question is about"},
    {.name = "system_prompt", .doc = "system prompt", .also = {"system", "System"}},
};
constexpr config::DataTask kTasks[] = {config::DataTask::completion, config::DataTask::question_answering};

/// The answer's text; "" for a question without an answer.
std::string read_answer(const RowView& row, const Cell& answer) {
  if (answer.is_object()) {
    const auto texts = answer.find("text");
    if (!texts) answer.fail_kind("text, a list of texts, or an object {text: [...]}");
    return read_answer(row, *texts);
  }
  if (answer.is_list()) return answer.size() == 0 ? std::string() : row.cleaned(answer.at(0).text());
  return row.cleaned(answer.text("text, a list of texts, or an object {text: [...]}"));
}

void convert(const RowView& row, RowOutcome& out) {
  Exchange exchange;
  exchange.system = row.optional_text("system_prompt");
  const std::string question = row.text("question"), context = row.optional_text("context");
  exchange.prompt = row.task_is(config::DataTask::question_answering) ? question_prompt(context, question)
                                                                      : with_input(context, question);
  exchange.answer = read_answer(row, row.at("answer"));
  accept_exchange(row, std::move(exchange), out);
}

}  // namespace

const RowFormat row_format_question_answer = {
    .name = "question_answer",
    .known_as = "OpenOrca, GSM8K, SQuAD",
    .meaning =
        "User: context, a line break, question; with data.task question_answering `Context: ...`, an empty line, "
        "`Question: ...`. Assistant: the answer.",
    .rank = 48,
    .columns = kColumns,
    .trainers = kSft,
    .tasks = kTasks,
    .is_cleaned = true,
    .convert = convert,
};

}  // namespace forgelm::data
