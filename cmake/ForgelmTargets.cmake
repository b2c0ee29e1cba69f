# One function per kind of target, so that warnings, sanitizers and include rules live in one place.

# forgelm_layer(NAME [LIBRARIES target...])
# The torch-free module src/NAME as objects of libforgelm.so. LIBRARIES are third-party targets for its .cpp files only.
function(forgelm_layer name)
  cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/${name}/*.cpp")
  add_library(forgelm_${name} OBJECT ${sources})
  target_include_directories(forgelm_${name} PUBLIC "${PROJECT_SOURCE_DIR}/include")
  foreach(library IN LISTS arg_LIBRARIES)
    target_include_directories(forgelm_${name} SYSTEM PRIVATE $<TARGET_PROPERTY:${library},INTERFACE_INCLUDE_DIRECTORIES>)
    target_compile_definitions(forgelm_${name} PRIVATE $<TARGET_PROPERTY:${library},INTERFACE_COMPILE_DEFINITIONS>)
  endforeach()
  forgelm_warnings(forgelm_${name})
  forgelm_sanitizers(forgelm_${name})
  set_property(GLOBAL APPEND PROPERTY FORGELM_LAYERS forgelm_${name})
  set_property(GLOBAL APPEND PROPERTY FORGELM_LAYER_LIBRARIES ${arg_LIBRARIES})
endfunction()

# forgelm_library(): libforgelm.so from all layers declared so far; the binary, the engine and the tests link it.
function(forgelm_library)
  get_property(layers GLOBAL PROPERTY FORGELM_LAYERS)
  get_property(libraries GLOBAL PROPERTY FORGELM_LAYER_LIBRARIES)
  list(REMOVE_DUPLICATES libraries)
  list(TRANSFORM layers REPLACE "(.+)" "$<TARGET_OBJECTS:\\1>" OUTPUT_VARIABLE objects)
  add_library(libforgelm SHARED ${objects})
  set_target_properties(libforgelm PROPERTIES OUTPUT_NAME forgelm)
  target_include_directories(libforgelm PUBLIC "${PROJECT_SOURCE_DIR}/include")
  target_link_libraries(libforgelm PRIVATE ${libraries} Threads::Threads ${CMAKE_DL_LIBS})
  # Calls within the library are not looked up by name when it is loaded, nor made through a table.
  target_link_options(libforgelm PRIVATE -Wl,-Bsymbolic-functions)
  forgelm_sanitizers(libforgelm)
endfunction()

# forgelm_spec_list(TARGET FOLDER KIND HEADER TYPE)
# Generates KIND_list.cpp in TARGET: the sorted list of `extern const TYPE KIND_<file>` over FOLDER/*.cpp, returned by
# `std::span<const TYPE* const> all_KIND_specs()`. A file without its spec fails to link and the linker names it.
# HEADER declares TYPE and all_KIND_specs() in namespace NAMESPACE (default forgelm::KIND's layer, given last).
function(forgelm_spec_list target folder kind header type namespace)
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${folder}/*.cpp")
  list(SORT files)
  set(declarations "")
  set(entries "")
  foreach(file IN LISTS files)
    get_filename_component(stem "${file}" NAME_WE)
    string(APPEND declarations "extern const ${type} ${kind}_${stem};\n")
    string(APPEND entries "    &${kind}_${stem},\n")
  endforeach()
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${kind}_list.cpp")
  file(CONFIGURE OUTPUT "${output}" @ONLY CONTENT
"// Generated from the files in ${folder}; do not edit.
#include \"${header}\"

namespace ${namespace} {
${declarations}
std::span<const ${type}* const> all_${kind}_specs() {
  static const ${type}* const specs[] = {
${entries}  };
  return specs;
}
}  // namespace ${namespace}
")
  target_sources(${target} PRIVATE "${output}")
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
endfunction()

# forgelm_embed(TARGET PATTERN FUNCTION HEADER NAMESPACE)
# Compiles the text files that match PATTERN (below the source root) into TARGET: `std::span<const EmbeddedText> FUNCTION()`,
# declared with EmbeddedText in HEADER. Each file must be shorter than what a string literal may hold (64 KiB).
function(forgelm_embed target pattern function header namespace)
  file(GLOB files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/${pattern}")
  list(SORT files)
  set(entries "")
  foreach(file IN LISTS files)
    set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
    get_filename_component(stem "${file}" NAME_WE)
    file(READ "${file}" text)
    string(APPEND entries "    {\"${stem}\", R\"embedded(${text})embedded\"},\n")
  endforeach()
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${function}.cpp")
  file(GENERATE OUTPUT "${output}" CONTENT
"// Generated from ${pattern}; do not edit.
#include \"${header}\"

namespace ${namespace} {
std::span<const EmbeddedText> ${function}() {
  static constexpr EmbeddedText texts[] = {
${entries}  };
  return texts;
}
}  // namespace ${namespace}
")
  target_sources(${target} PRIVATE "${output}")
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
endfunction()

# forgelm_tests(NAME [LIBRARIES target...]): one Catch2 binary test_NAME from tests/NAME/*_test.cpp, one ctest entry.
# Tests may include a module's private headers as "<module>/<file>.hpp".
function(forgelm_tests name)
  cmake_parse_arguments(arg "" "" "LIBRARIES" ${ARGN})
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/tests/${name}/*_test.cpp")
  add_executable(test_${name} ${sources})
  target_link_libraries(test_${name} PRIVATE libforgelm forgelm_test_support ${arg_LIBRARIES})
  target_include_directories(test_${name} PRIVATE "${PROJECT_SOURCE_DIR}/src" "${PROJECT_SOURCE_DIR}/tests")
  forgelm_warnings(test_${name})
  forgelm_sanitizers(test_${name})
  add_test(NAME ${name} COMMAND test_${name})
  set_tests_properties(${name} PROPERTIES WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
    ENVIRONMENT "FORGELM_TEST_RESULTS=${CMAKE_BINARY_DIR}/results/${name}.tsv;GOMP_SPINCOUNT=1000")  # test programs share the cores
endfunction()
