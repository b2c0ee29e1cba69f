// The last step of every row format: a sample is accepted, or the row is dropped with a reason. The reasons are
// constants, because reports of parts are merged by them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "row_cell.hpp"

namespace forgelm::data {

inline constexpr char kNoAssistantTurn[] = "no assistant turn";
inline constexpr char kEmptyResponse[] = "empty response";
inline constexpr char kEmptyText[] = "empty text";
inline constexpr char kEmptyPrompt[] = "empty prompt";
inline constexpr char kSameAnswers[] = "chosen and rejected are the same";
inline constexpr char kDeletedMessage[] = "deleted or failed in review";
inline constexpr char kParentMissing[] = "its parent message is missing";
inline constexpr char kNoteRepeatedRole[] = "two turns of one role in a row";
inline constexpr char kNoteAnswerFirst[] = "begins with an assistant turn";
inline constexpr char kNoteNoLastAnswer[] = "ends without an assistant turn";
inline constexpr char kNoteEmptyTurn[] = "an assistant turn is empty";
inline constexpr char kNoteEmptyRejected[] = "the rejected answer is empty";

/// Takes a sample whose fields are filled, or sets `dropped_because`. Notes what is remarkable.
void accept(Sample sample, RowOutcome& out);

/// A preference pair; for KTO, which learns from single answers, two samples with opposite labels.
void accept_pair(const RowView& row, Sample pair, RowOutcome& out);

/// What a row of plain columns says, to be rendered as data.task asks.
struct Exchange {
  std::string system;
  std::vector<std::pair<std::string, std::string>> history;  ///< earlier questions and answers
  std::string prompt;
  std::string answer;
  /// For data.task completion: prompt and answer are joined as they stand (a line break is put between otherwise).
  bool is_joined_as_it_stands = false;
};

/// data.task completion: one text, of which the answer is learnt. Otherwise a conversation.
void accept_exchange(const RowView& row, Exchange exchange, RowOutcome& out);

/// The turns of system, history and prompt: what comes before the answer.
Json prompt_turns(const Exchange& exchange);

/// "instruction\ninput", or the one that is not empty.
std::string with_input(std::string instruction, const std::string& input);

/// Pairs [[question, answer], ...] of a `history` column; nothing when absent.
std::vector<std::pair<std::string, std::string>> read_history(const RowView& row, std::string_view column);

/// System, history, instruction and input of a row (columns of those names) without data.clean_text: the prompt of rows
/// whose texts are taken as they stand.
Exchange verbatim_exchange(const RowView& row);

/// What data.task puts around a prompt: a document to summarise, a question with its context.
std::string summarization_prompt(const std::string& document);
std::string question_prompt(const std::string& context, const std::string& question);

}  // namespace forgelm::data
