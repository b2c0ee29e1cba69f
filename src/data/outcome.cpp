#include "outcome.hpp"

#include <algorithm>

#include "forgelm/core/text.hpp"
#include "turns.hpp"

namespace forgelm::data {
namespace {

bool is_blank(std::string_view text) { return trim(text).empty(); }

bool has_answer(const Json& turns) {
  const auto& items = turns.items();
  return std::any_of(items.begin(), items.end(), is_answer);
}

/// The reason why a conversation teaches nothing, or nullptr.
const char* check_conversation(const Json& turns, RowOutcome& out) {
  const auto& items = turns.items();
  if (std::none_of(items.begin(), items.end(), is_assistant)) return kNoAssistantTurn;
  if (!has_answer(turns)) return kEmptyResponse;
  const auto is_empty_answer = [](const Json& turn) { return is_assistant(turn) && !is_answer(turn); };
  if (std::any_of(items.begin(), items.end(), is_empty_answer)) out.notes.emplace_back(kNoteEmptyTurn);
  for (std::size_t i = 1; i < items.size(); ++i)
    // Several results of tools, and several calls, follow each other as a matter of course.
    if (role_of(items[i]) == role_of(items[i - 1]) && role_of(items[i]) != "tool") {
      out.notes.emplace_back(kNoteRepeatedRole);
      break;
    }
  const auto first =
      std::find_if(items.begin(), items.end(), [](const Json& turn) { return role_of(turn) != "system"; });
  if (first != items.end() && is_assistant(*first)) out.notes.emplace_back(kNoteAnswerFirst);
  if (!is_assistant(items.back())) out.notes.emplace_back(kNoteNoLastAnswer);
  return nullptr;
}

const char* check_pair(const Sample& sample, RowOutcome& out) {
  const bool in_messages = sample.is_in_message_form();
  if (in_messages ? sample.chosen == sample.rejected : sample.completion_text == sample.rejected_text)
    return kSameAnswers;
  if (in_messages ? !has_answer(sample.chosen) : is_blank(sample.completion_text)) return kEmptyResponse;
  if (in_messages ? !has_answer(sample.rejected) : is_blank(sample.rejected_text))
    out.notes.emplace_back(kNoteEmptyRejected);
  return nullptr;
}

const char* check_sample(const Sample& sample, RowOutcome& out) {
  switch (sample.kind) {
    case SampleKind::text: return is_blank(sample.text) ? kEmptyText : nullptr;
    case SampleKind::chat: return check_conversation(sample.messages, out);
    case SampleKind::completion:
    case SampleKind::labelled:
      if (sample.is_in_message_form()) return has_answer(sample.chosen) ? nullptr : kEmptyResponse;
      return is_blank(sample.completion_text) ? kEmptyResponse : nullptr;
    case SampleKind::preference: return check_pair(sample, out);
    case SampleKind::prompt: return sample.messages.is_null() && is_blank(sample.prompt_text) ? kEmptyPrompt : nullptr;
  }
  return nullptr;
}

/// A pair for a trainer that learns from single answers: two samples with opposite labels.
std::pair<Sample, Sample> unpair(const Sample& pair) {
  Sample good = pair;
  good.kind = SampleKind::labelled;
  good.rejected = Json();
  good.rejected_text.clear();
  good.is_desirable = true;
  Sample bad = good;
  bad.chosen = pair.rejected;
  bad.completion_text = pair.rejected_text;
  bad.is_desirable = false;
  return {std::move(good), std::move(bad)};
}

}  // namespace

void accept(Sample sample, RowOutcome& out) {
  if (const char* reason = check_sample(sample, out)) {
    if (out.samples.empty()) out.dropped_because = reason;
    return;
  }
  out.dropped_because.clear();
  out.samples.push_back(std::move(sample));
}

void accept_pair(const RowView& row, Sample pair, RowOutcome& out) {
  if (row.rules().trainer != config::TrainerType::kto) return accept(std::move(pair), out);
  if (const char* reason = check_pair(pair, out)) {
    out.dropped_because = reason;
    return;
  }
  auto [good, bad] = unpair(pair);
  accept(std::move(good), out);
  accept(std::move(bad), out);
}

Json prompt_turns(const Exchange& exchange) {
  Json turns = Json::array();
  add_system(turns, exchange.system);
  for (const auto& [question, answer] : exchange.history) {
    turns.push(make_turn("user", question));
    turns.push(make_turn("assistant", answer));
  }
  return turns.push(make_turn("user", exchange.prompt));
}

void accept_exchange(const RowView& row, Exchange exchange, RowOutcome& out) {
  Sample sample;
  if (row.task_is(config::DataTask::completion)) {
    sample.kind = SampleKind::completion;
    std::vector<std::string> parts;
    if (!exchange.system.empty()) parts.push_back(std::move(exchange.system));
    for (auto& [question, answer] : exchange.history) {
      parts.push_back(std::move(question));
      parts.push_back(std::move(answer));
    }
    parts.push_back(std::move(exchange.prompt));
    sample.prompt_text = join(parts, "\n") + (exchange.is_joined_as_it_stands ? "" : "\n");
    sample.completion_text = std::move(exchange.answer);
  } else {
    sample.kind = SampleKind::chat;
    sample.messages = prompt_turns(exchange);
    sample.messages.push(make_turn("assistant", std::move(exchange.answer)));
  }
  accept(std::move(sample), out);
}

std::string with_input(std::string instruction, const std::string& input) {
  if (input.empty()) return instruction;
  return instruction.empty() ? input : std::move(instruction) + "\n" + input;
}

std::vector<std::pair<std::string, std::string>> read_history(const RowView& row, std::string_view column) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto history = row.find(column);
  if (!history) return out;
  constexpr std::string_view kAllowed = "a list of pairs [question, answer]";
  if (!history->is_list()) history->fail_kind(kAllowed);
  for (std::size_t i = 0; i < history->size(); ++i) {
    const Cell pair = history->at(i);
    if (!pair.is_list() || pair.size() != 2) pair.fail_kind(kAllowed);
    out.emplace_back(row.cleaned(pair.at(0).text()), row.cleaned(pair.at(1).text()));
  }
  return out;
}

Exchange verbatim_exchange(const RowView& row) {
  const auto text_or_empty = [&](std::string_view column) {
    const auto cell = row.find(column);
    return cell ? cell->text() : std::string();
  };
  Exchange exchange;
  exchange.system = text_or_empty("system");
  exchange.history = read_history(row, "history");
  exchange.prompt = with_input(row.at("instruction").text(), text_or_empty("input"));
  return exchange;
}

std::string summarization_prompt(const std::string& document) {
  return "Summarize the following document:\n" + document;
}

std::string question_prompt(const std::string& context, const std::string& question) {
  return context.empty() ? "Question: " + question : cat("Context: ", context, "\n\nQuestion: ", question);
}

}  // namespace forgelm::data
