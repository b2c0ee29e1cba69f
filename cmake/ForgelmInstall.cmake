# What `cmake --install` lays down: bin/forgelm, lib/libforgelm.so and the engine beside it, completions, man pages, the
# JSON Schema and the licence.
include(GNUInstallDirs)
install(TARGETS forgelm libforgelm RUNTIME DESTINATION "${CMAKE_INSTALL_BINDIR}" LIBRARY DESTINATION lib)
if(TARGET forgelm_engine)
  install(TARGETS forgelm_engine LIBRARY DESTINATION lib)
endif()
set(generated "${PROJECT_SOURCE_DIR}/docs/generated")
install(DIRECTORY "${generated}/man/" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1" FILES_MATCHING PATTERN "*.1")
install(FILES "${generated}/completions/forgelm.bash" DESTINATION share/bash-completion/completions RENAME forgelm)
install(FILES "${generated}/completions/_forgelm" DESTINATION share/zsh/site-functions)
install(FILES "${generated}/completions/forgelm.fish" DESTINATION share/fish/vendor_completions.d)
install(FILES "${generated}/forgelm.schema.json" "${PROJECT_SOURCE_DIR}/config_template.yaml" DESTINATION share/forgelm)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION share/doc/forgelm)
