// `model`: the model to start from, how its weights are held, and how its prompts are rendered.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "forgelm/config/fields.hpp"

namespace forgelm::config {

FORGELM_CHOICES(Backend, transformers, unsloth)
FORGELM_CHOICES(QuantType, nf4, fp4)
FORGELM_CHOICES(ComputeDtype, auto_, bfloat16, bf16, float16, fp16, float32, fp32)
FORGELM_CHOICES(ModelKind, auto_, base, instruct)
FORGELM_CHOICES(SystemFallback, merge_user, assistant_turn, drop, error)

struct MoeSection {
  bool quantize_experts = false;
  std::string experts_to_train = "all";

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto moe = served_by(Capability::mixture_of_experts);
    rows(field<&MoeSection::quantize_experts>, "Hold the frozen experts' weights in half precision.", moe);
    rows(field<&MoeSection::experts_to_train>, "`all`, or the indices of the experts to adapt, separated by commas.",
         moe);
  }
};

struct MultimodalSection {
  bool enabled = false;
  std::string image_column = "image";
  std::string text_column = "text";

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto vision = served_by(Capability::vision);
    rows(field<&MultimodalSection::enabled>, "Fine-tune a vision-language model.", vision);
    rows(field<&MultimodalSection::image_column>, "Column that holds the image's path.", vision);
    rows(field<&MultimodalSection::text_column>, "Column that holds the text.", vision);
  }
};

struct ModelSection {
  std::string name_or_path;
  std::int64_t max_length = 2048;
  bool load_in_4bit = true;
  Backend backend = Backend::transformers;
  bool trust_remote_code = false;
  bool offline = false;
  std::optional<std::string> revision;
  std::optional<MoeSection> moe;
  std::optional<MultimodalSection> multimodal;
  bool bnb_4bit_use_double_quant = true;
  QuantType bnb_4bit_quant_type = QuantType::nf4;
  ComputeDtype bnb_4bit_compute_dtype = ComputeDtype::auto_;
  bool load_in_8bit = false;
  ModelKind kind = ModelKind::auto_;
  std::string chat_template = "auto";
  SystemFallback system_fallback = SystemFallback::merge_user;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    constexpr auto training = served_by(Capability::training);
    constexpr auto bits = served_by(Capability::quantization);
    constexpr auto reading = served_by(Capability::data_reading);
    rows(field<&ModelSection::name_or_path>, "Folder of the model, or its name on the Hugging Face Hub.", required,
         example("HuggingFaceTB/SmolLM2-135M-Instruct"), wizard, names_path, training);
    rows(field<&ModelSection::max_length>, "Longest sequence in tokens; longer ones follow `data.length_policy`.",
         above(0), wizard, training);
    rows(field<&ModelSection::load_in_4bit>, "Hold the frozen weights in 4 bits (QLoRA).", wizard, bits);
    rows(field<&ModelSection::backend>, "Accepted for compatibility; both names run the built-in engine.");
    rows(field<&ModelSection::trust_remote_code>, "Accepted for compatibility; a model's own code is never run.");
    rows(field<&ModelSection::offline>, "Contact no public address; models and data come from disk.");
    rows(field<&ModelSection::revision>, "Commit, tag or branch of the model on the Hub; a full commit pins it.",
         pattern("revision"), served_by(Capability::hub_access));
    rows(field<&ModelSection::moe>, "Settings for mixture-of-experts models.");
    rows(field<&ModelSection::multimodal>, "Settings for vision-language models.");
    rows(field<&ModelSection::bnb_4bit_use_double_quant>, "Quantize the 4-bit scales as well.", bits);
    rows(field<&ModelSection::bnb_4bit_quant_type>, "4-bit number format.", bits);
    rows(field<&ModelSection::bnb_4bit_compute_dtype>,
         "Type that 4-bit weights are multiplied in; `auto` is the precision of the run.", bits);
    rows(field<&ModelSection::load_in_8bit>, "Hold the frozen weights in 8 bits.", added, bits);
    rows(
        field<&ModelSection::kind>,
        "`base`: the chat template that its tokenizer may bring is not used; `instruct`: there must be one; `auto`: it "
        "is used when there is one.",
        added, reading);
    rows(field<&ModelSection::chat_template>,
         "`auto` (the tokenizer's own), the name of a built-in template, or a Jinja file.", added, reading);
    rows(field<&ModelSection::system_fallback>,
         "What to do with a system message that the chat template has no place for.", added, reading);
  }
};

}  // namespace forgelm::config
