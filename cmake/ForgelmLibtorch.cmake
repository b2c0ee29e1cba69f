# libtorch as the imported targets torch_cpu and c10, found by tools/libtorch: an install that FORGELM_LIBTORCH names, or
# the pinned wheels, fetched once per machine. find_package(Torch) is never called: its files demand a CUDA toolkit.
include(ForgelmWheels)
forgelm_wheel_folder(libtorch FORGELM_LIBTORCH)
if(NOT forgelm_libtorch)
  message(FATAL_ERROR "There is no libtorch to build the tensor engine with. ${forgelm_libtorch_problem}\n"
    "Configure with -DFORGELM_LIBTORCH=FOLDER to name one, or with -DFORGELM_ENGINE=OFF to build without the engine.")
endif()

# "2.11.0+cu130": a Python torch says it in version.py, an unpacked libtorch in build-version.
set(forgelm_libtorch_version "")
if(EXISTS "${forgelm_libtorch}/version.py")
  file(STRINGS "${forgelm_libtorch}/version.py" line REGEX "^__version__ = '")
  string(REGEX REPLACE "^__version__ = '([^']*)'.*" "\\1" forgelm_libtorch_version "${line}")
elseif(EXISTS "${forgelm_libtorch}/build-version")
  file(STRINGS "${forgelm_libtorch}/build-version" forgelm_libtorch_version LIMIT_COUNT 1)
endif()
message(STATUS "libtorch ${forgelm_libtorch_version}: ${forgelm_libtorch}")

foreach(name c10 torch_cpu)
  add_library(${name} SHARED IMPORTED GLOBAL)
  # Imported, so SYSTEM. Without torch/csrc/api/include: nobody includes <torch/torch.h>, which costs 15 s a file.
  set_target_properties(${name} PROPERTIES
    IMPORTED_LOCATION "${forgelm_libtorch}/lib/lib${name}.so" IMPORTED_SONAME lib${name}.so
    INTERFACE_INCLUDE_DIRECTORIES "${forgelm_libtorch}/include")
endforeach()
target_link_libraries(torch_cpu INTERFACE c10)

# forgelm_engine(): libforgelm_engine.so from src/engine. Torch's headers are a private matter of it and of its tests.
function(forgelm_engine)
  find_package(OpenMP REQUIRED COMPONENTS CXX)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/engine/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/engine/kernels/cpu/")  # objects of their own
  add_library(forgelm_engine SHARED ${sources})
  target_include_directories(forgelm_engine PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_link_options(forgelm_engine PRIVATE -Wl,--no-as-needed)  # kernels register themselves when torch_cpu loads
  target_link_libraries(forgelm_engine PUBLIC libforgelm PRIVATE forgelm_kernels torch_cpu c10)
  forgelm_torch_code(forgelm_engine)
  target_precompile_headers(forgelm_engine PRIVATE "${PROJECT_SOURCE_DIR}/src/engine/torch.hpp")
  set_target_properties(forgelm_engine PROPERTIES INSTALL_RPATH "$ORIGIN;$ORIGIN/libtorch/lib;${forgelm_libtorch}/lib")
endfunction()

# forgelm_torch_code(TARGET): what code that includes ATen is compiled with, and where its program finds libtorch. Without
# OpenMP at::parallel_for, a template, silently runs on one thread.
function(forgelm_torch_code target)
  get_target_property(library torch_cpu IMPORTED_LOCATION)
  get_filename_component(folder "${library}" DIRECTORY)
  set_target_properties(${target} PROPERTIES INSTALL_RPATH "${CMAKE_INSTALL_RPATH};${folder}")
  target_compile_options(${target} PRIVATE ${OpenMP_CXX_FLAGS})
  target_link_options(${target} PRIVATE ${OpenMP_CXX_FLAGS})  # the flag: a full path would fight libtorch's own libgomp
  forgelm_warnings(${target})
  if(FORGELM_CCACHE)  # ccache keeps files with a precompiled header only when told that this is safe
    set_target_properties(${target} PROPERTIES CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime;${FORGELM_CCACHE}")
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
      target_compile_options(${target} PRIVATE -fpch-preprocess)
    endif()
  endif()
endfunction()
