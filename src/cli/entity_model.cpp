#include "cli/entity_model.hpp"

#include <algorithm>
#include <mutex>
#include <utility>

#include "forgelm/cli/arguments.hpp"
#include "forgelm/config/yaml.hpp"
#include "forgelm/core/error.hpp"
#include "forgelm/core/files.hpp"
#include "forgelm/core/hash.hpp"
#include "forgelm/core/text.hpp"
#include "forgelm/engine/token_classifier.hpp"
#include "forgelm/formats/encoder_config.hpp"

namespace forgelm::cli {
namespace {

namespace fs = std::filesystem;

/// "en" of "en-US" and "EN".
std::string primary_language(std::string_view code) { return ascii_lower(code.substr(0, code.find_first_of("-_"))); }

/// The languages that the model's card names in its front matter; none when
/// there is no card or it names none.
std::vector<std::string> card_languages(const fs::path& folder) {
  const auto card = read_file_if_exists(folder / "README.md", std::uint64_t{16} << 20);
  constexpr std::string_view kFence = "---\n";
  if (!card || !card->starts_with(kFence)) return {};
  const std::size_t end = card->find("\n---", kFence.size() - 1);
  if (end == std::string::npos) return {};
  std::vector<std::string> languages;
  const std::string_view matter = std::string_view(*card).substr(kFence.size(), end + 1 - kFence.size());
  const config::YamlDocument document = config::read_yaml(matter, "README.md");
  // A card that is not well formed names nothing.
  const bool is_read =
      std::none_of(document.diagnostics.begin(), document.diagnostics.end(),
                   [](const Diagnostic& diagnostic) { return diagnostic.severity == Severity::error; });
  const config::Node* const stated = is_read ? document.root.find("language") : nullptr;
  if (stated == nullptr) return {};
  if (stated->kind != config::Node::Kind::sequence) return {primary_language(stated->text)};
  for (const config::Node& item : stated->items) languages.push_back(primary_language(item.text));
  return languages;
}

void require_language(const fs::path& folder, const std::string& language) {
  const std::string asked = primary_language(language);
  const bool is_code = asked.size() >= 2 && asked.size() <= 3 &&
                       std::all_of(asked.begin(), asked.end(), [](char c) { return c >= 'a' && c <= 'z'; });
  if (!is_code)
    throw ConfigError(cat("--pii-ml-language is ", quote(language)),
                      "give a code such as en, de or tr; xx for several");
  const std::vector<std::string> known = card_languages(folder);
  const auto has = [&](std::string_view code) { return std::find(known.begin(), known.end(), code) != known.end(); };
  if (asked == "xx" || known.empty() || has(asked) || has("multilingual") || has("xx")) return;
  throw ConfigError(cat("the card of the model in ", folder.native(), " names the language ", join(known, ", "),
                        ", and --pii-ml-language is ", language),
                    "name the language of the data with --pii-ml-language, or "
                    "give a model that knows it");
}

void require_names(const std::vector<std::string>& labels, const fs::path& folder) {
  const auto is_name = [](const std::string& label) { return audit::entity_kind_of(label).has_value(); };
  if (std::none_of(labels.begin(), labels.end(), is_name))
    throw ConfigError(cat("the labels of the model in ", folder.native(), " name no people, organizations or places (",
                          join(labels, ", "), ")"),
                      "a named-entity model has labels such as B-PER, I-PER, "
                      "B-ORG and B-LOC in config.json's id2label");
}

class EntityModel final : public audit::EntityFinder {
 public:
  EntityModel(fs::path folder, double min_score, std::string language)
      : folder_(std::move(folder)), language_(std::move(language)), min_score_(min_score) {
    // What can be said without the engine comes first.
    require_names(formats::read_encoder_config(folder_).labels, folder_);
    require_language(folder_, language_);
    engine::TokenClassifierRequest request;
    request.folder = folder_;
    request.device = "cpu";
    model_ = engine::open_token_classifier(request);
  }

  std::vector<std::vector<audit::Entity>> find(std::span<const std::string_view> texts) override {
    const auto found = [&] {
      const std::lock_guard lock(mutex_);
      return model_->classify(texts);
    }();
    std::vector<std::vector<audit::Entity>> result;
    for (const std::vector<engine::LabelledSpan>& spans : found) {
      std::vector<audit::Entity>& entities = result.emplace_back();
      for (const engine::LabelledSpan& span : spans)
        if (const auto kind = audit::entity_kind_of(span.label); kind && span.score >= min_score_)
          entities.push_back({*kind, span.score, span.begin, span.end});
    }
    return result;
  }

  Json describe() const override {
    const engine::TokenClassifierInfo& info = model_->info();
    return Json::object({{"model", folder_.native()},
                         {"architecture", info.architecture},
                         {"labels", Json::array_of(info.labels)},
                         {"config_sha256", sha256_file(folder_ / "config.json")},
                         {"tokenizer_sha256", info.tokenizer_digest},
                         {"language", language_},
                         {"min_score", min_score_},
                         {"max_tokens", info.max_tokens},
                         {"overlap_tokens", info.overlap_tokens}});
  }

 private:
  fs::path folder_;
  std::string language_;
  double min_score_;
  std::mutex mutex_;  ///< the engine has threads of its own: one block at a time
                      ///< uses them all
  std::unique_ptr<engine::TokenClassifier> model_;
};

}  // namespace

std::unique_ptr<audit::EntityFinder> open_entity_model(const Arguments& arguments) {
  const std::optional<std::string> folder = arguments.maybe_text("pii-ml-model");
  if (!folder) {
    if (arguments.flag("pii-ml"))
      throw RunError(RunErrorKind::device, "--pii-ml needs a named-entity model, and none is given",
                     "name the folder of one with --pii-ml-model DIR: "
                     "config.json, model.safetensors and tokenizer.json "
                     "of a BERT, DistilBERT, RoBERTa or XLM-RoBERTa model for "
                     "token classification");
    return nullptr;
  }
  return std::make_unique<EntityModel>(*folder, arguments.real("pii-ml-min-score"), arguments.text("pii-ml-language"));
}

}  // namespace forgelm::cli
