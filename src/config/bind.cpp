#include "bind.hpp"

#include <algorithm>

#include "coerce.hpp"
#include "forgelm/config/schema.hpp"
#include "forgelm/core/suggest.hpp"
#include "forgelm/core/text.hpp"

namespace forgelm::config {
namespace {

/// Names that other tools use for what is called otherwise here.
struct Synonym {
  std::string_view given;
  std::string_view path;
};
constexpr Synonym kSynonyms[] = {
    {"lr", "training.learning_rate"},
    {"epochs", "training.num_train_epochs"},
    {"num_epochs", "training.num_train_epochs"},
    {"batch_size", "training.per_device_train_batch_size"},
    {"micro_batch_size", "training.per_device_train_batch_size"},
    {"grad_accum", "training.gradient_accumulation_steps"},
    {"bf16", "training.precision"},
    {"fp16", "training.precision"},
    {"torch_dtype", "training.precision"},
    {"optim", "training.optimizer"},
    {"lr_scheduler_type", "training.lr_scheduler"},
    {"logging_steps", "training.log_steps"},
    {"max_seq_length", "model.max_length"},
    {"sequence_len", "model.max_length"},
    {"cutoff_len", "model.max_length"},
    {"base_model", "model.name_or_path"},
    {"model_name", "model.name_or_path"},
    {"rank", "lora.r"},
    {"lora_r", "lora.r"},
    {"lora_alpha", "lora.alpha"},
    {"lora_dropout", "lora.dropout"},
    {"dataset", "data.dataset_name_or_path"},
    {"dataset_path", "data.dataset_name_or_path"},
    {"datasets", "data.dataset_name_or_path"},
    {"validation_split", "data.eval_split"},
    {"assistant_only_loss", "data.train_on"},
    {"staging_ttl_days", "retention.staging_ttl_days"},
};

/// Sections with more keys than this are not listed in a message.
constexpr std::size_t kShownNames = 20;

/// The last name of a path: "eval_steps" of "training.eval_steps".
std::string_view leaf(std::string_view path) {
  const std::size_t dot = path.rfind('.');
  return dot == std::string_view::npos ? path : path.substr(dot + 1);
}

class Binder {
 public:
  explicit Binder(LoadedJob& out) : out_(out) {}

  void section(const Node& node, const SectionInfo& info, void* owner, const std::string& prefix) {
    std::vector<std::string>
        meant;  // fields whose misspelt names are reported: they are not reported as missing as well
    for (const auto& [key, value] : node.entries) {
      // A bare `on` is a boolean to YAML 1.1 and a key of run.retry to everyone else.
      const bool is_name = key.kind == Node::Kind::text || key.kind == Node::Kind::boolean;
      const FieldInfo* field = is_name ? info.find(key.text) : nullptr;
      if (field == nullptr) {
        unknown_key(key, info, prefix, meant);
        continue;
      }
      const std::string path = prefix + field->name;
      if (out_.is_given(path)) {
        report(key, "duplicate_key", path,
               cat("both ", field->name, " and ", field->alias, " are given; they are one key"), "",
               cat("keep ", field->name));
        continue;
      }
      // A value that is left out stands nowhere: its place is the key's.
      const Node& place = value.kind == Node::Kind::null && value.text.empty() ? key : value;
      out_.given[path] = spot(place);
      bind_field(value, place, *field, owner, path);
    }
    for (const auto& field : info.fields)
      if (field.is_required && !out_.is_given(prefix + field.name) &&
          std::find(meant.begin(), meant.end(), field.name) == meant.end())
        missing(node, field, prefix + field.name);
  }

 private:
  void missing(const Node& node, const FieldInfo& field, const std::string& path) {
    if (field.section == nullptr) return report(node, "missing_key", path, "the key is missing", accepts_text(field));
    report(node, "missing_key", path, "the section is missing", "", cat("write ", smallest(field)));
  }

  /// The least that a section needs, as it is written: "`lora: {}` to take every default", "`model: {name_or_path:
  /// ...}`".
  static std::string smallest(const FieldInfo& field) {
    std::string needed;
    for (const auto& inner : field.section->fields)
      if (inner.is_required || inner.name == "dataset_name_or_path")
        needed += cat(needed.empty() ? "" : ", ", inner.name, ": ...");
    return cat("`", field.name, ": {", needed, needed.empty() ? "}` to take every default" : "}`");
  }

  static bool holds_secret(const SectionInfo& section) {
    return std::any_of(section.fields.begin(), section.fields.end(),
                       [](const FieldInfo& field) { return field.is_secret || field.name == "url"; });
  }

  /// What was probably meant by text where a section is needed: "name m" and "name:m" are keys that lack a colon or a
  /// blank.
  static std::string section_hint(const Node& value, const FieldInfo& field) {
    if (value.kind == Node::Kind::null) return cat("write ", smallest(field));
    const std::size_t end = std::min(value.text.find_first_of(": "), value.text.size());
    if (value.kind == Node::Kind::text && end + 1 < value.text.size() &&
        field.section->find(value.text.substr(0, end)) != nullptr)
      return holds_secret(*field.section)
                 ? "write a colon and a space after the key"
                 : cat("write `", value.text.substr(0, end), ": ", trim(std::string_view(value.text).substr(end + 1)),
                       "`, with a colon and a space");
    return "write its keys below it, indented";
  }

  SourceSpot spot(const Node& node) const { return {out_.file, node.line, node.column, node.length}; }

  void report(const Node& node, std::string code, std::string path, std::string message, std::string allowed = "",
              std::string hint = "", Severity severity = Severity::error) {
    add_diagnostic(out_, {severity, std::move(code), std::move(path), spot(node), std::move(message),
                          std::move(allowed), std::move(hint)});
  }

  void bind_field(const Node& value, const Node& place, const FieldInfo& field, void* owner, const std::string& path) {
    if (!field.deprecated.empty())
      report(place, "deprecated", path, "this key is deprecated; version 1.0.0 will not read it", "",
             cat("write ", field.deprecated, " instead"), Severity::warning);
    if (field.kind == FieldKind::section) return bind_section(value, place, field, owner, path);
    if (field.kind == FieldKind::section_list) return bind_section_list(value, place, field, owner, path);
    if (value.kind == Node::Kind::null && field.is_nullable) return field.set(owner, Json());
    std::vector<Mismatch> mismatches;
    auto coerced = coerce(value, field, mismatches);
    for (auto& mismatch : mismatches) {
      if (field.is_secret) mismatch.message = "the value is not what this key takes", mismatch.hint.clear();
      if (mismatch.node == &value && value.kind == Node::Kind::null && !field.default_value.is_null() &&
          !field.is_secret)
        mismatch.hint = cat("leave the key out to take the default, ", forgelm::dump(field.default_value));
      report(mismatch.node == &value ? place : *mismatch.node, mismatch.code, path + mismatch.subpath, mismatch.message,
             mismatch.allowed, mismatch.hint);
    }
    if (!coerced) return;
    if (field.is_clamped && !coerced->is_null() && !field.bounds.hold(coerced->real())) {
      const auto bound = static_cast<std::int64_t>(*field.bounds.at_least);
      report(place, "raised", path, cat(seen(value), " is below the least value and was raised to ", bound),
             accepts_text(field), "", Severity::warning);
      coerced = Json(bound);
    }
    field.set(owner, *coerced);
  }

  void bind_section(const Node& value, const Node& place, const FieldInfo& field, void* owner,
                    const std::string& path) {
    if (value.kind == Node::Kind::null && field.is_nullable) {
      out_.given.erase(path);  // null equals absent
      return;
    }
    if (value.kind != Node::Kind::mapping) {
      // `auth: hf_...`: the secret itself stands where its section should.
      const bool hides = value.kind != Node::Kind::null && holds_secret(*field.section);
      if (hides) out_.secret_lines.insert(place.line);
      return report(
          place, "wrong_type", path,
          cat(hides ? cat("a value of kind ", kind_name(value.kind)) : seen(value), " where a section is needed"),
          "a mapping of keys to values", section_hint(value, field));
    }
    section(value, *field.section, field.emplace(owner), path + ".");
  }

  void bind_section_list(const Node& value, const Node& place, const FieldInfo& field, void* owner,
                         const std::string& path) {
    if (value.kind != Node::Kind::sequence)
      return report(place, "wrong_type", path, cat(seen(value), " where a list is needed"), accepts_text(field));
    if (field.is_non_empty && value.items.empty())
      return report(value, "empty", path, "an empty list where at least one entry is needed", accepts_text(field));
    for (std::size_t i = 0; i < value.items.size(); ++i) {
      const std::string item_path = cat(path, "[", i, "]");
      if (value.items[i].kind != Node::Kind::mapping) {
        report(value.items[i], "wrong_type", item_path, cat(seen(value.items[i]), " where a section is needed"),
               "a mapping of keys to values");
        continue;
      }
      out_.given[item_path] = spot(value.items[i]);
      section(value.items[i], *field.section, field.append(owner), item_path + ".");
    }
  }

  /// Where a key that does not belong here does belong, or the nearest name.
  std::string suggestion(const std::string& key, const SectionInfo& info, const std::string& prefix,
                         std::vector<std::string>& meant) const {
    for (const auto& synonym : kSynonyms)
      if (synonym.given == key) {
        const std::string_view name = leaf(synonym.path);
        if (info.find(name) != nullptr) meant.emplace_back(name);
        return cat("did you mean ", info.find(name) != nullptr ? name : synonym.path, "?");
      }
    std::vector<std::string> names = info.names();
    for (const auto& field : info.fields)
      if (!field.alias.empty()) names.push_back(field.alias);
    const std::string close = nearest(key, names);
    if (!close.empty()) {
      meant.push_back(close);
      return cat("did you mean ", close, "?");
    }
    for (const auto& placed : all_fields())
      if (placed.field->name == key && placed.path != prefix + key)
        return cat("this key belongs ", placed.path == key
                                            ? "at the root of the file"
                                            : cat("in ", placed.path.substr(0, placed.path.size() - key.size() - 1)));
    return "";
  }

  void unknown_key(const Node& key, const SectionInfo& info, const std::string& prefix,
                   std::vector<std::string>& meant) {
    if (key.kind != Node::Kind::text)
      return report(key, "wrong_type", prefix + key.text, cat(seen(key), " where the name of a key is needed"), "",
                    key.kind == Node::Kind::integer ? "if it follows a decimal comma: write the comma as a point" : "");
    std::string hint = suggestion(key.text, info, prefix, meant);
    const bool shows_names = hint.empty() && info.fields.size() <= kShownNames;
    if (hint.empty() && !shows_names)
      hint = cat("`forgelm config explain ", leaf(std::string_view(prefix).substr(0, prefix.size() - 1)),
                 "` lists the keys");
    const std::string here =
        prefix.empty() ? "at the root of the file" : cat("in ", prefix.substr(0, prefix.size() - 1));
    report(key, "unknown_key", prefix + key.text, cat("there is no such key ", here),
           shows_names ? join(info.names(), ", ") : "", hint);
  }

  LoadedJob& out_;
};

}  // namespace

void add_diagnostic(LoadedJob& out, Diagnostic diagnostic) {
  // Errors and warnings are counted apart, so that warnings never crowd out the error that refuses the job.
  constexpr std::ptrdiff_t kMaxListed = 100;
  const auto num_listed = std::count_if(out.diagnostics.begin(), out.diagnostics.end(),
                                        [&](const auto& other) { return other.severity == diagnostic.severity; });
  if (num_listed >= kMaxListed) {
    ++out.num_unlisted;
    return;
  }
  diagnostic.source_line = shown_line(out, diagnostic.spot.line);
  out.diagnostics.push_back(std::move(diagnostic));
}

void bind(const Node& root, LoadedJob& out) {
  if (root.kind != Node::Kind::mapping) {
    const std::string what = root.kind == Node::Kind::null ? "the file is empty" : cat("the file holds ", seen(root));
    add_diagnostic(out, {Severity::error,
                         "wrong_type",
                         "",
                         {out.file, root.line, root.column, 1},
                         what + " where a mapping of sections is needed",
                         "model, lora, training, data and optional sections",
                         "start from `forgelm config template`"});
    return;
  }
  find_secret_lines(root, out);
  Binder(out).section(root, root_section(), &out.job, "");
}

}  // namespace forgelm::config
