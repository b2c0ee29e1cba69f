// `auth`, `webhook`, `distributed`, `merge`, `synthetic`: what a job talks to, where it runs, and the jobs beside
// training.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "forgelm/config/fields.hpp"

namespace forgelm::config {

FORGELM_CHOICES(WebhookFormat, auto_, slack, teams, discord, generic)
FORGELM_CHOICES(DistributedStrategy, deepspeed, fsdp)
FORGELM_CHOICES(FsdpStrategy, full_shard, shard_grad_op, hybrid_shard, no_shard)
FORGELM_CHOICES(BackwardPrefetch, backward_pre, backward_post)
FORGELM_CHOICES(StateDictType, FULL_STATE_DICT, SHARDED_STATE_DICT)
FORGELM_CHOICES(MergeMethod, ties, dare, slerp, linear)
FORGELM_CHOICES(TeacherBackend, api, local, file)
FORGELM_CHOICES(SyntheticFormat, messages, instruction, chatml, prompt_response)

struct AuthSection {
  std::optional<std::string> hf_token;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    rows(field<&AuthSection::hf_token>, "Token for the Hugging Face Hub; better kept in the environment.", secret,
         served_by(Capability::hub_access));
  }
};

struct WebhookSection {
  std::optional<std::string> url;
  std::optional<std::string> url_env;
  bool notify_on_start = true;
  bool notify_on_success = true;
  bool notify_on_failure = true;
  std::int64_t timeout = 10;
  bool allow_private_destinations = false;
  bool require_https = false;
  std::optional<std::string> tls_ca_bundle;
  WebhookFormat format = WebhookFormat::auto_;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = WebhookSection;
    constexpr auto webhooks = served_by(Capability::webhooks);
    rows(field<&S::url>, "Address that events are posted to.", webhooks);
    rows(field<&S::url_env>, "Environment variable that holds the address; read when `url` is empty.", webhooks);
    rows(field<&S::notify_on_start>, "Post when a run starts.", webhooks);
    rows(field<&S::notify_on_success>, "Post when a run succeeds or awaits approval.", webhooks);
    rows(field<&S::notify_on_failure>, "Post when a run fails or is reverted.", webhooks);
    rows(field<&S::timeout>, "Seconds to wait for an answer.", at_least(1), clamped, webhooks);
    rows(field<&S::allow_private_destinations>, "Allow a receiver at a loopback or private address.", webhooks);
    rows(field<&S::require_https>, "Refuse plain http.", webhooks);
    rows(field<&S::tls_ca_bundle>, "File with the certificates to trust.", names_path, webhooks);
    rows(field<&S::format>, "What the receiver reads; auto chooses by its host name.", added, webhooks);
  }
};

struct DistributedSection {
  std::optional<DistributedStrategy> strategy;
  std::optional<std::string> deepspeed_config;
  FsdpStrategy fsdp_strategy = FsdpStrategy::full_shard;
  bool fsdp_auto_wrap = true;
  bool fsdp_offload = false;
  BackwardPrefetch fsdp_backward_prefetch = BackwardPrefetch::backward_pre;
  StateDictType fsdp_state_dict_type = StateDictType::FULL_STATE_DICT;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = DistributedSection;
    constexpr auto distributed = served_by(Capability::distributed);
    rows(field<&S::strategy>, "How several devices share the work; null is one device.", distributed);
    rows(field<&S::deepspeed_config>, "zero2, zero3, zero3_offload, or a file; null is zero2.", distributed);
    rows(field<&S::fsdp_strategy>, "What FSDP shards.", distributed);
    rows(field<&S::fsdp_auto_wrap>, "Shard layer by layer.", distributed);
    rows(field<&S::fsdp_offload>, "Keep shards in host memory.", distributed);
    rows(field<&S::fsdp_backward_prefetch>, "When the next shard is fetched in the backward pass.", distributed);
    rows(field<&S::fsdp_state_dict_type>, "Form of saved weights.", distributed);
  }
};

struct MergeInputSection {
  std::string path;
  double weight = 1.0;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    rows(field<&MergeInputSection::path>, "Folder of the adapter.", required, example("adapters/first"), names_path,
         served_by(Capability::merging));
    rows(field<&MergeInputSection::weight>, "Its weight; weights are scaled to sum to 1.", above(0), finite,
         served_by(Capability::merging));
  }
};

struct MergeSection {
  bool enabled = false;
  MergeMethod method = MergeMethod::ties;
  std::vector<MergeInputSection> models = {};
  std::string output_dir = "./merged_model";
  double ties_trim_fraction = 0.2;
  double dare_drop_rate = 0.3;
  std::int64_t dare_seed = 42;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = MergeSection;
    constexpr auto merging = served_by(Capability::merging);
    rows(field<&S::enabled>, "Merge adapters with `forgelm --merge`.", merging);
    rows(field<&S::method>, "How the weights are combined.", merging);
    rows(field<&S::models>, "The adapters, two or more on one base.");
    rows(field<&S::output_dir>, "Folder of the merged model.", names_path, merging);
    rows(field<&S::ties_trim_fraction>, "TIES: share of the smallest changes that is dropped.", at_least(0), below(1),
         finite, merging);
    rows(field<&S::dare_drop_rate>, "DARE: share of the changes that is dropped at random.", at_least(0), at_most(1),
         finite, merging);
    rows(field<&S::dare_seed>, "DARE: seed.", merging);
  }
};

struct SyntheticSection {
  bool enabled = false;
  std::string teacher_model;
  TeacherBackend teacher_backend = TeacherBackend::api;
  std::optional<std::string> teacher_revision;
  std::string api_base;
  std::optional<std::string> api_key;
  std::optional<std::string> api_key_env;
  double api_delay = 0.5;
  std::int64_t api_timeout = 60;
  std::string seed_file;
  std::vector<std::string> seed_prompts = {};
  std::string system_prompt;
  std::int64_t max_new_tokens = 1024;
  double temperature = 0.7;
  std::string output_file = "synthetic_data.jsonl";
  SyntheticFormat output_format = SyntheticFormat::messages;
  double min_success_rate = 0.0;
  double sanity_failure_rate = 0.2;
  bool allow_private_destinations = false;

  template <class Rows>
  static constexpr void describe(Rows& rows) {
    using S = SyntheticSection;
    constexpr auto synthesis = served_by(Capability::synthesis);
    rows(field<&S::enabled>, "Generate data with `forgelm --generate-data`.", synthesis);
    rows(field<&S::teacher_model>, "Model that writes the answers.", synthesis);
    rows(field<&S::teacher_backend>, "Where the teacher is: an API, this machine, or a file of answers.", synthesis);
    rows(field<&S::teacher_revision>, "Revision of a local teacher on the Hub.", pattern("revision"), synthesis);
    rows(field<&S::api_base>, "Address of the API; `/chat/completions` is appended.", synthesis);
    rows(field<&S::api_key>, "API key; better kept in the environment.", secret, synthesis);
    rows(field<&S::api_key_env>, "Environment variable with the API key.", synthesis);
    rows(field<&S::api_delay>, "Seconds between two calls.", at_least(0), finite, synthesis);
    rows(field<&S::api_timeout>, "Seconds to wait for an answer.", at_least(10), synthesis);
    rows(field<&S::seed_file>, "File with one prompt per line.", names_path, synthesis);
    rows(field<&S::seed_prompts>, "Prompts given here.", synthesis);
    rows(field<&S::system_prompt>, "System message for the teacher.", synthesis);
    rows(field<&S::max_new_tokens>, "Longest answer in tokens.", at_least(1), synthesis);
    rows(field<&S::temperature>, "Sampling temperature.", at_least(0), finite, synthesis);
    rows(field<&S::output_file>, "File that is written.", names_path, synthesis);
    rows(field<&S::output_format>, "Form of the rows.", synthesis);
    rows(field<&S::min_success_rate>, "Fail below this share of answered prompts.", at_least(0), at_most(1), finite,
         synthesis);
    rows(field<&S::sanity_failure_rate>, "Warn above this share of failed prompts.", at_least(0), at_most(1), finite,
         synthesis);
    rows(field<&S::allow_private_destinations>, "Allow a teacher at a loopback or private address.", added, synthesis);
  }
};

}  // namespace forgelm::config
