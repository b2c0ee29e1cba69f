// What the files of row formats share: the sets of trainers and tasks that they name.
#pragma once

#include "../outcome.hpp"
#include "../turns.hpp"

namespace forgelm::data {

inline constexpr config::TrainerType kSft[] = {config::TrainerType::sft};
inline constexpr config::TrainerType kTextTrainers[] = {config::TrainerType::sft, config::TrainerType::cpt};
inline constexpr config::TrainerType kPairTrainers[] = {config::TrainerType::dpo, config::TrainerType::simpo,
                                                        config::TrainerType::orpo, config::TrainerType::reward,
                                                        config::TrainerType::kto};
inline constexpr config::TrainerType kKto[] = {config::TrainerType::kto};
inline constexpr config::TrainerType kPromptTrainers[] = {config::TrainerType::grpo, config::TrainerType::ppo};

inline constexpr config::DataTask kCompletionTask[] = {config::DataTask::completion};
inline constexpr config::DataTask kPlainTasks[] = {config::DataTask::completion, config::DataTask::summarization,
                                                   config::DataTask::question_answering};

}  // namespace forgelm::data
