# python tools/search.py configs/search/naswot_nb201_digits.py
# NASWOT: the best of 50 untrained cells; nothing is trained
_base_ = './ostr_nb201_digits.py'
proxy_search = dict(proxy=dict(type='naswot'), samples=50)
